import { trafficRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'

export const remove = defineCommand({
  name: 'search delete',
  summary: 'Forget a saved search',
  args: [{ name: '<id>', help: 'id, from `panoptes search list`' }],
  examples: [['panoptes search delete 4f1c', 'one that nobody needs']],
  async run({ args, out, client, signal }) {
    await client().call(trafficRoutes.deleteSearch, { params: { id: args[0]! }, signal })
    out.say(`${args[0]} is forgotten.`)
  },
})
