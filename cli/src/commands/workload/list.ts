import { inventoryRoutes } from '@panoptes/contract'
import { choice, defineCommand, text } from '../../core/index.ts'
import { when } from '../../output/index.ts'
import { lookOf, pageOptions, pages, sayMore, sayView } from '../inventory/look.ts'

export const list = defineCommand({
  name: 'workload list',
  summary: 'Workloads with their pods rolled up, now or at a past moment',
  args: [{ name: '[text]', help: 'part of the name' }],
  options: {
    ...pageOptions,
    kind: text('--kind <kind>', 'Deployment, StatefulSet, CronJob, …'),
    sort: choice('--sort <by>', 'by what', ['name', 'pods', 'restarts', 'created']),
  },
  examples: [
    ['panoptes workload list --sort restarts --order desc', 'what restarts most'],
    ['panoptes workload list --namespace shop --at 2026-03-03T14:05', 'what was deployed then'],
  ],
  watchable: true,
  async run({ args, options, out, client, signal }) {
    const { kind, sort, order } = options
    const query = { ...lookOf(options), kind, sort, order, text: args[0] }
    const { rows, answer } = await pages(
      options.limit ?? 100,
      (page) => client().call(inventoryRoutes.listWorkloads, { query: { ...query, ...page }, signal }),
      (found) => found.workloads,
    )
    out.list(
      rows,
      [
        { title: 'cluster', value: (w) => w.cluster },
        { title: 'namespace', value: (w) => w.namespace },
        { title: 'kind', value: (w) => w.kind },
        { title: 'workload', value: (w) => w.name },
        { title: 'wanted', value: (w) => w.replicas ?? '', right: true },
        { title: 'pods', value: (w) => w.pods, right: true },
        { title: 'running', value: (w) => w.running, right: true },
        { title: 'restarts', value: (w) => w.restarts || '', right: true },
        { title: 'nodes', value: (w) => w.nodes || '', right: true },
        { title: 'images', value: (w) => w.images },
        { title: 'created', value: (w) => when(w.createdAt) },
      ],
      'No workload was there.',
    )
    sayView(out, answer.at, answer.clusters)
    sayMore(out, rows.length, answer.total)
  },
})
