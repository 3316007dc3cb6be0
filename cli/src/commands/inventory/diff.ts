import { inventoryRoutes } from '@panoptes/contract'
import { choice, defineCommand, moment, text, textOr, whole } from '../../core/index.ts'
import { lookOptions } from './look.ts'

export const diff = defineCommand({
  name: 'inventory diff',
  summary: 'What was added, removed and changed between two moments',
  options: {
    from: textOr('--from <moment>', 'the earlier moment', '-1h'),
    to: textOr('--to <moment>', 'the later one', 'now'),
    kind: text('--kind <kinds>', 'only these kinds, with commas between'),
    cluster: text('--cluster <name>', 'one cluster'),
    namespace: text('--namespace <name>', 'one namespace'),
    environment: lookOptions.environment,
    origin: choice('--origin <origin>', 'whose', ['user', 'demo', 'all']),
    limit: whole('-n, --limit <n>', 'at most so many (100)'),
  },
  examples: [
    ['panoptes inventory diff --from 2026-03-03T14:00 --to 2026-03-03T14:10', 'what changed in the ten minutes before an incident'],
    ['panoptes inventory diff --from -1d --kind Deployment,StatefulSet', 'what was deployed since yesterday'],
  ],
  async run({ options, out, client, signal }) {
    const { kind, cluster, namespace, environment, origin, limit = 100 } = options
    const query = { ...{ kind, cluster, namespace, environment, origin, limit }, from: moment(options.from), to: moment(options.to) }
    const found = await client().call(inventoryRoutes.compareInventory, { query, signal })
    const colors = { added: 'green', removed: 'red', changed: 'yellow' } as const
    out.list(
      found.differences.map(({ change, before, after }) => ({
        change,
        ...(after ?? before)!,
        versions: `${before?.resourceVersion ?? ''} → ${after?.resourceVersion ?? ''}`,
      })),
      [
        { title: 'change', value: (d) => d.change, paint: (t, d) => out.style(colors[d.change], t) },
        { title: 'cluster', value: (d) => d.cluster },
        { title: 'kind', value: (d) => d.kind },
        { title: 'namespace', value: (d) => d.namespace },
        { title: 'name', value: (d) => d.name },
        { title: 'versions', value: (d) => d.versions },
        { title: 'uid', value: (d) => d.uid },
      ],
      'Nothing was added, removed or changed.',
    )
    const { added, removed, changed } = found.counts
    out.say(`${added} added, ${removed} removed, ${changed} changed from ${found.from} to ${found.to}.`)
  },
})
