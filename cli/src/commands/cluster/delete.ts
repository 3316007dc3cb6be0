import { clusterRoutes } from '@panoptes/contract'
import { ask, defineCommand, flag } from '../../core/index.ts'

export const remove = defineCommand({
  name: 'cluster delete',
  summary: 'Delete a cluster: keys, tokens and kubeconfig are gone, its record stays',
  args: [{ name: '<name>', help: 'name of the cluster' }],
  options: { yes: flag('--yes', 'do not ask') },
  examples: [['panoptes cluster delete eu-1', 'a cluster that is gone']],
  async run({ args, options, out, client, signal }) {
    const name = args[0]!
    if (!options.yes && (await ask(`Type ${name} to delete it: `)) !== name) {
      out.say('Nothing was deleted.')
      return
    }
    const done = await client().call(clusterRoutes.deleteCluster, { params: { name }, signal })
    if (out.format !== 'table') out.show(done)
    out.say(`${name} is deleted: ${done.controllersRevoked} keys and ${done.tokensRevoked} tokens are revoked. ${done.record}`)
    for (const { title, command } of done.left) out.say(`Still in the cluster. ${title}: ${command}`)
  },
})
