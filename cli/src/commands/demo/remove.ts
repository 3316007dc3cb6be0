import { systemRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'

export const remove = defineCommand({
  name: 'demo remove',
  summary: 'Stop the demo bank and remove everything that it has written',
  details: 'Your own evidence is not touched: the demo’s rows carry origin=demo.',
  examples: [['panoptes demo remove', 'before the real proxies come']],
  async run({ out, client, signal }) {
    const removed = await client().call(systemRoutes.removeDemo, { signal })
    out.show(removed)
  },
})
