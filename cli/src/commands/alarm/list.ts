import { accessRoutes } from '@panoptes/contract'
import { choiceOr, defineCommand } from '../../core/index.ts'
import { when } from '../../output/index.ts'

export const list = defineCommand({
  name: 'alarm list',
  summary: 'Alarms and notices, newest first',
  details: 'Exit code 1 while a critical one is open.',
  options: { state: choiceOr('--state <state>', 'which', ['open', 'acknowledged', 'all'], 'open') },
  examples: [['panoptes alarm list', 'what needs somebody’s eyes']],
  watchable: true,
  async run({ options, out, client, signal, exit }) {
    const { alarms } = await client().call(accessRoutes.listAlarms, { query: { state: options.state, limit: 1_000 }, signal })
    out.list(
      alarms,
      [
        { title: 'id', value: (a) => a.id },
        { title: 'last', value: (a) => when(a.lastAt) },
        {
          title: 'severity',
          value: (a) => a.severity,
          paint: (t, a) => out.style(a.severity === 'critical' ? 'red' : a.severity === 'warning' ? 'yellow' : 'cyan', t),
        },
        { title: 'count', value: (a) => a.count, right: true },
        { title: 'title', value: (a) => a.title },
        { title: 'target', value: (a) => a.target },
        { title: 'detail', value: (a) => a.detail },
      ],
      'No alarm.',
    )
    if (alarms.some((a) => a.severity === 'critical' && !a.acknowledgedAt)) exit('findings')
  },
})
