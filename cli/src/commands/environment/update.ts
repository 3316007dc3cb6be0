import { environmentRoutes } from '@panoptes/contract'
import { defineCommand, text } from '../../core/index.ts'
import { environmentOptions } from './create.ts'
import { sayMatch, toldRules } from './rules.ts'
import { environmentArg, showEnvironment } from './show.ts'

export const update = defineCommand({
  name: 'environment update',
  summary: 'Change an environment; rules that are told replace those there were',
  args: [environmentArg],
  options: { name: text('--name <name>', 'a new name'), ...environmentOptions },
  examples: [['panoptes environment update production --labels "stage in (prod,live)"', 'another rule']],
  async run({ args, options, out, client, signal }) {
    const { name, description, mark, ...told } = options
    const body = { name, description, color: mark, rules: toldRules(told) }
    const environment = await client().call(environmentRoutes.updateEnvironment, { params: { environment: args[0]! }, body, signal })
    showEnvironment(out, environment)
    sayMatch(out, await client().call(environmentRoutes.matchEnvironment, { params: { environment: environment.id }, query: { limit: 1 }, signal }))
  },
})
