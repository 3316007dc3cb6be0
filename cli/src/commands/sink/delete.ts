import { trafficRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'

export const remove = defineCommand({
  name: 'sink delete',
  summary: 'Stop and forget a forwarding',
  args: [{ name: '<id>', help: 'id, from `panoptes sink list`' }],
  examples: [['panoptes sink delete 8a2e', 'one that nobody reads']],
  async run({ args, out, client, signal }) {
    await client().call(trafficRoutes.deleteSink, { params: { id: args[0]! }, signal })
    out.say(`${args[0]} is forgotten.`)
  },
})
