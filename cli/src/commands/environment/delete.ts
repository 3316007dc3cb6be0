import { environmentRoutes } from '@panoptes/contract'
import { ask, defineCommand, flag } from '../../core/index.ts'
import { environmentArg } from './show.ts'

export const remove = defineCommand({
  name: 'environment delete',
  summary: 'Delete an environment; its namespaces and their record stay',
  args: [environmentArg],
  options: { yes: flag('--yes', 'do not ask') },
  examples: [['panoptes environment delete staging', 'one that nobody needs']],
  async run({ args, options, out, client, signal }) {
    const environment = args[0]!
    if (!options.yes && (await ask(`Type ${environment} to delete it: `)) !== environment) {
      out.say('Nothing was deleted.')
      return
    }
    await client().call(environmentRoutes.deleteEnvironment, { params: { environment }, signal })
    out.say(`${environment} is deleted. Its namespaces and their record stay.`)
  },
})
