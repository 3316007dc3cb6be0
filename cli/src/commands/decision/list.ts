import { inventoryRoutes } from '@panoptes/contract'
import { choice, defineCommand, moment, text, whole } from '../../core/index.ts'
import { when } from '../../output/index.ts'
import { lookOptions, pages } from '../inventory/look.ts'

export const list = defineCommand({
  name: 'decision list',
  summary: 'What admission was asked and what it answered, newest first',
  options: {
    from: text('--from <moment>', 'begin, as 2026-03-03T14:05 (-1h)'),
    to: text('--to <moment>', 'end'),
    cluster: text('--cluster <name>', 'one cluster'),
    namespace: text('--namespace <name>', 'one namespace'),
    environment: lookOptions.environment,
    user: text('--user <name>', 'who asked, as Kubernetes names them'),
    image: text('--image <text>', 'part of an image'),
    verdict: choice('--verdict <verdict>', 'how it ended', ['allowed', 'warned', 'denied'] as const),
    limit: whole('-n, --limit <n>', 'at most so many (100)'),
  },
  examples: [
    ['panoptes decision list --verdict denied', 'what was refused'],
    ['panoptes decision list --verdict warned --from -7d', 'what the rule would refuse if it were enforced'],
  ],
  watchable: true,
  async run({ options, out, client, signal }) {
    const { from, to, limit, ...where } = options
    const query = { ...where, from: from && moment(from), to: to && moment(to) }
    const { rows } = await pages(
      limit ?? 100,
      (page) => client().call(inventoryRoutes.listDecisions, { query: { ...query, ...page }, signal }),
      (found) => found.decisions,
    )
    out.list(
      rows,
      [
        { title: 'time', value: (d) => when(d.at) },
        { title: 'cluster', value: (d) => d.cluster },
        {
          title: 'verdict',
          value: (d) => (d.dryRun ? `${d.verdict} (dry run)` : d.verdict),
          paint: (t, d) => (d.verdict === 'denied' ? out.style('red', t) : t),
        },
        { title: 'rule', value: (d) => d.rule },
        { title: 'what', value: (d) => `${d.operation} ${d.kind} ${d.namespace}/${d.name}` },
        { title: 'owner', value: (d) => d.owner },
        { title: 'who', value: (d) => d.user },
        { title: 'image', value: (d) => d.image || d.images },
        { title: 'why', value: (d) => d.reason },
        { title: 'took', value: (d) => `${(d.tookUs / 1000).toFixed(1)} ms`, right: true },
      ],
      'Admission was asked nothing then.',
    )
  },
})
