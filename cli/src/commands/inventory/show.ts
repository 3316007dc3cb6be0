import { inventoryRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'
import { lookOf, lookOptions, sayView } from './look.ts'

export const show = defineCommand({
  name: 'inventory show',
  summary: 'How many objects of each kind there are, or were at a moment',
  options: lookOptions,
  examples: [['panoptes inventory show --cluster production --at -7d', 'a week ago']],
  watchable: true,
  async run({ options, out, client, signal }) {
    const found = await client().call(inventoryRoutes.getInventory, { query: lookOf(options), signal })
    out.list(
      found.kinds,
      [
        { title: 'cluster', value: (k) => k.cluster },
        { title: 'kind', value: (k) => (k.group ? `${k.kind}.${k.group}` : k.kind) },
        { title: 'objects', value: (k) => k.objects, right: true },
      ],
      'No cluster has told anything by then.',
    )
    out.say(`${found.containers} containers of ${found.images} images ran.`)
    sayView(out, found.at, found.clusters)
  },
})
