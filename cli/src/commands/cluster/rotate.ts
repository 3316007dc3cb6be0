import { clusterRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'

export const rotate = defineCommand({
  name: 'cluster rotate',
  summary: 'Have every controller of a cluster take a new key at its next heartbeat',
  args: [{ name: '<name>', help: 'name of the cluster' }],
  examples: [['panoptes cluster rotate eu-1', 'after a key may have been seen']],
  async run({ args, out, client, signal }) {
    const { controllers } = await client().call(clusterRoutes.rotateCluster, { params: { name: args[0]! }, signal })
    if (out.format !== 'table') out.show({ controllers })
    out.say(`${controllers.length} controllers take a new key at their next heartbeat; the old ones work until then.`)
  },
})
