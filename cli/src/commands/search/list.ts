import { trafficRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'

export const list = defineCommand({
  name: 'search list',
  summary: 'Saved searches: your own and shared ones',
  examples: [['panoptes search list', 'what others have found useful']],
  async run({ out, client, signal }) {
    const { searches } = await client().call(trafficRoutes.listSearches, { signal })
    out.list(
      searches,
      [
        { title: 'id', value: (s) => s.id },
        { title: 'name', value: (s) => s.name },
        { title: 'query', value: (s) => s.query },
        { title: 'window', value: (s) => `${s.from} to ${s.to}` },
        { title: 'shared', value: (s) => (s.shared ? 'yes' : '') },
        { title: 'of', value: (s) => s.owner },
      ],
      'No saved search. `panoptes search save NAME QUERY` saves one.',
    )
  },
})
