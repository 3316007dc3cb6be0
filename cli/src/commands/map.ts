import { trafficRoutes } from '@panoptes/contract'
import { choiceOr, defineCommand, whole, windowOf, windowOptions } from '../core/index.ts'
import { duration, percent } from '../output/index.ts'
import { completenessText } from './record/access-table.ts'

export const map = defineCommand({
  name: 'map',
  summary: 'Who talks to whom: the edges of the map as a table',
  args: [{ name: '[query]', help: 'which accesses; everything unless told otherwise' }],
  options: {
    ...windowOptions,
    by: choiceOr('--by <what>', 'what a node is', ['workload', 'version', 'service', 'namespace', 'cluster'], 'workload'),
    sort: choiceOr('--sort <by>', 'which come first', ['count', 'errors', 'p95'], 'count'),
    limit: whole('-n, --limit <n>', 'at most so many edges'),
  },
  examples: [
    ['panoptes map', 'the last 15 minutes'],
    ["panoptes map 'namespace=payments' --sort errors --since 1h", 'what fails around payments'],
    ['panoptes map --by namespace --at 2026-03-03T14:05', 'a past moment'],
  ],
  watchable: true,
  async run({ args, options, out, client, signal }) {
    const found = await client().call(trafficRoutes.getTopology, { query: { ...windowOf(options, args[0]), by: options.by }, signal })
    const sort = { count: 'count', errors: 'errors', p95: 'p95Us' } as const
    const edges = found.edges.toSorted((a, b) => (b[sort[options.sort]] ?? 0) - (a[sort[options.sort]] ?? 0)).slice(0, options.limit)
    if (out.format !== 'table' && out.format !== 'csv' && out.format !== 'ndjson') {
      out.show({ ...found, edges })
      return
    }
    out.list(
      edges,
      [
        { title: 'from', value: (e) => e.from },
        { title: 'to', value: (e) => e.to },
        { title: 'protocol', value: (e) => e.protocol },
        { title: 'count', value: (e) => e.count, right: true },
        { title: 'rate', value: (e) => `${e.rate.toFixed(e.rate < 10 ? 2 : 0)}/s`, right: true },
        { title: 'errors', value: (e) => e.errors || '', right: true, paint: (text) => out.style('red', text) },
        { title: 'denied', value: (e) => e.denied || '', right: true, paint: (text) => out.style('red', text) },
        { title: 'p50', value: (e) => duration(e.p50Us === null ? null : Math.round(e.p50Us)), right: true },
        { title: 'p95', value: (e) => duration(e.p95Us === null ? null : Math.round(e.p95Us)), right: true },
        { title: 'mtls', value: (e) => percent(e.mtlsRatio), right: true },
      ],
      'Nobody talked to anybody in this time.',
    )
    out.say(`${found.edges.length} edges, ${found.nodes.length} nodes; ${completenessText(found.completeness)}`)
  },
})
