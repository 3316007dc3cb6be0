import { systemRoutes } from '@panoptes/contract'
import { choice, defineCommand, text, whole } from '../../core/index.ts'
import { when } from '../../output/index.ts'

export const list = defineCommand({
  name: 'source list',
  summary: 'What reports, how much, and why something does not',
  args: [{ name: '[text]', help: 'part of proxy or pod' }],
  options: {
    cluster: text('--cluster <name>', 'one cluster'),
    origin: choice('--origin <origin>', 'whose', ['user', 'demo', 'all']),
    state: choice('--state <state>', 'in which state', ['live', 'quiet', 'silent', 'failing']),
    limit: whole('-n, --limit <n>', 'at most so many (100)'),
  },
  examples: [
    ['panoptes source list --state silent', 'who has stopped reporting'],
    ['panoptes source list payments --watch', 'follow the proxies of one workload'],
  ],
  watchable: true,
  async run({ args, options, out, client, signal }) {
    const found = await client().call(systemRoutes.listSources, { query: { ...options, text: args[0] }, signal })
    out.list(
      found.sources,
      [
        { title: 'cluster', value: (s) => s.cluster },
        { title: 'namespace', value: (s) => s.namespace },
        { title: 'pod', value: (s) => s.pod || s.proxy || s.controller },
        { title: 'kind', value: (s) => s.kind },
        { title: 'state', value: (s) => s.state, paint: (t, s) => out.style(s.state === 'live' ? 'green' : s.state === 'quiet' ? 'cyan' : 'red', t) },
        { title: 'rate', value: (s) => `${s.entriesPerSecond.toFixed(1)}/s`, right: true },
        { title: 'entries', value: (s) => s.entries, right: true },
        { title: 'errors', value: (s) => Object.values(s.errors).reduce((sum, n) => sum + n, 0) || '', right: true },
        { title: 'last', value: (s) => when(s.lastAt) },
        { title: 'diagnosis', value: (s) => (s.state === 'live' ? '' : s.diagnosis.text) },
      ],
      'No proxy has reported yet.',
    )
    out.say(`${found.diagnosis.text} ${found.diagnosis.hint}`.trim())
    if (found.next) out.say('There are more: --limit, or words to look for.')
  },
})
