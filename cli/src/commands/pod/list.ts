import { inventoryRoutes } from '@panoptes/contract'
import { choice, defineCommand, text } from '../../core/index.ts'
import { when } from '../../output/index.ts'
import { lookOf, pageOptions, pages, sayMore, sayView } from '../inventory/look.ts'

export const list = defineCommand({
  name: 'pod list',
  summary: 'Pods, now or at a past moment',
  args: [{ name: '[text]', help: 'part of the name' }],
  options: {
    ...pageOptions,
    workload: text('--workload <name>', 'one workload'),
    node: text('--node <name>', 'one node'),
    sort: choice('--sort <by>', 'by what', ['name', 'created', 'seen']),
  },
  examples: [
    ['panoptes pod list --namespace shop', 'what is there now'],
    ['panoptes pod list --node node-7 --at -2h', 'what was on a node two hours ago'],
  ],
  watchable: true,
  async run({ args, options, out, client, signal }) {
    const { workload, node, sort, order } = options
    const query = { ...lookOf(options), ...{ workload, node, sort, order }, kind: 'Pod', text: args[0] }
    const { rows, answer } = await pages(
      options.limit ?? 100,
      (page) => client().call(inventoryRoutes.listObjects, { query: { ...query, ...page }, signal }),
      (found) => found.objects,
    )
    out.list(
      rows,
      [
        { title: 'cluster', value: (o) => o.cluster },
        { title: 'namespace', value: (o) => o.namespace },
        { title: 'pod', value: (o) => o.name },
        { title: 'ready', value: ({ summary }) => `${summary.ready ?? 0}/${summary.containers ?? 0}`, right: true },
        { title: 'phase', value: ({ summary }) => summary.reason ?? summary.phase },
        { title: 'restarts', value: ({ summary }) => summary.restarts || '', right: true },
        { title: 'node', value: ({ summary }) => summary.node },
        { title: 'address', value: ({ summary }) => summary.ips },
        { title: 'workload', value: ({ workload: w }) => `${w.kind} ${w.name}` },
        { title: 'created', value: (o) => when(o.createdAt) },
        { title: 'uid', value: (o) => o.uid },
      ],
      'No pod was there.',
    )
    sayView(out, answer.at, answer.clusters)
    sayMore(out, rows.length, answer.total)
  },
})
