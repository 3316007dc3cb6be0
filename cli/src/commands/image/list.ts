import { inventoryRoutes } from '@panoptes/contract'
import { choice, defineCommand } from '../../core/index.ts'
import { when } from '../../output/index.ts'
import { lookOf, pageOptions, pages, sayMore, sayView } from '../inventory/look.ts'

export const list = defineCommand({
  name: 'image list',
  summary: 'Images by the digest that really runs, or ran at a moment',
  args: [{ name: '[text]', help: 'part of the name, or a digest' }],
  options: { ...pageOptions, sort: choice('--sort <by>', 'by what', ['name', 'containers', 'started']) },
  examples: [['panoptes image list --sort containers --order desc', 'what runs most']],
  watchable: true,
  async run({ args, options, out, client, signal }) {
    const { sort, order } = options
    const query = { ...lookOf(options), sort, order, text: args[0] }
    const { rows, answer } = await pages(
      options.limit ?? 100,
      (page) => client().call(inventoryRoutes.listImages, { query: { ...query, ...page }, signal }),
      (found) => found.images,
    )
    out.list(
      rows,
      [
        { title: 'image', value: (i) => i.images },
        { title: 'digest', value: (i) => i.digest || '(none told)' },
        { title: 'containers', value: (i) => i.containers, right: true },
        { title: 'pods', value: (i) => i.pods, right: true },
        { title: 'workloads', value: (i) => i.workloads, right: true },
        { title: 'clusters', value: (i) => i.clusters },
        { title: 'since', value: (i) => when(i.firstStartedAt) },
      ],
      'No container ran then.',
    )
    sayView(out, answer.at, answer.clusters)
    sayMore(out, rows.length, answer.total)
  },
})
