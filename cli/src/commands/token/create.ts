import { accessRoutes, GrantableScope, PanoptesError } from '@panoptes/contract'
import { defineCommand, texts, whole } from '../../core/index.ts'

export const create = defineCommand({
  name: 'token create',
  summary: 'Make an API token; its secret is shown this once',
  details: `The secret alone goes to standard output, so that a script can take it. Scopes: ${GrantableScope.options.join(', ')}.`,
  args: [{ name: '<name>', help: 'what it is for' }],
  options: {
    scope: texts('--scope <scope>', 'what it may do; several times for several (record:read)'),
    days: whole('--days <n>', 'expires after so many days; never unless told'),
  },
  examples: [
    ['panoptes token create grafana --days 90', 'reads the record'],
    ['TOKEN=$(panoptes token create ci --scope record:read --scope settings:read --quiet)', 'for a script'],
  ],
  async run({ args, options, out, client, signal }) {
    const scopes = GrantableScope.array().safeParse(options.scope.length > 0 ? options.scope : ['record:read'])
    if (!scopes.success) throw new PanoptesError('PAN0003', `--scope must be one of ${GrantableScope.options.join(', ')}`)
    const made = await client().call(accessRoutes.createToken, { body: { name: args[0]!, scopes: scopes.data, expiresInDays: options.days }, signal })
    if (out.format === 'table') out.line(made.secret)
    else out.show(made)
    out.say(`Token ${made.token.id} for ${made.token.userEmail}. Use it as PANOPTES_TOKEN, or in the header Authorization: Bearer …`)
  },
})
