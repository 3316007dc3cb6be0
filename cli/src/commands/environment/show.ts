import { describeRule, type Environment, environmentRoutes } from '@panoptes/contract'
import { defineCommand, moment, type Run, whole } from '../../core/index.ts'
import { when } from '../../output/index.ts'
import { lookOptions } from '../inventory/look.ts'
import { showMatch } from './rules.ts'

export const environmentArg = { name: '<environment>', help: 'name or id' }

export const show = defineCommand({
  name: 'environment show',
  summary: 'One environment with the namespaces that belong to it, now or at a past moment',
  args: [environmentArg],
  options: { at: lookOptions.at, origin: lookOptions.origin, limit: whole('-n, --limit <n>', 'at most so many namespaces (1000)') },
  examples: [
    ['panoptes environment show production', 'what belongs to it'],
    ['panoptes environment show production --at 2026-03-03T14:05', 'what belonged to it then'],
  ],
  watchable: true,
  async run({ args, options, out, client, signal }) {
    const params = { environment: args[0]! }
    const { at, ...rest } = options
    const [environment, match] = await Promise.all([
      client().call(environmentRoutes.getEnvironment, { params, signal }),
      client().call(environmentRoutes.matchEnvironment, { params, query: { ...rest, ...(at ? { at: moment(at) } : {}) }, signal }),
    ])
    if (out.format !== 'table') {
      out.show({ ...environment, match })
      return
    }
    showEnvironment(out, environment)
    out.line('')
    showMatch(out, match)
  },
})

export function showEnvironment(out: Run['out'], environment: Environment): void {
  out.show(environment, [
    ['name', environment.name],
    ['description', environment.description],
    ['color', environment.color],
    ...environment.rules.map((rule, index) => [`rule ${index + 1}`, describeRule(rule)] as const),
    ['created', `${when(environment.createdAt)} by ${environment.createdBy}`],
    ['id', environment.id],
  ])
}
