import { trafficRoutes } from '@panoptes/contract'
import { defineCommand, flag, share, text, whole, windowOf, windowOptions } from '../../core/index.ts'
import { percent, when } from '../../output/index.ts'
import { completenessText } from './access-table.ts'

const { from, to, since, at, origin } = windowOptions

export const completeness = defineCommand({
  name: 'record completeness',
  summary: 'How complete the record is: what the proxies counted against what arrived',
  details: 'A proxy that reports no counters is "unknown", never 100 %. Exit code 1 where the record is less complete than --gate.',
  options: {
    ...{ since, from, to, at, origin },
    cluster: text('--cluster <name>', 'one cluster'),
    proxy: text('--proxy <id>', 'one proxy'),
    intervals: flag('--intervals', 'every interval instead of every source'),
    gaps: flag('--gaps', 'the known gaps instead of the sources'),
    step: whole('--step <seconds>', 'length of an interval (60)'),
    gate: share('--gate <share>', 'least share that is good enough, as 99.9%'),
    limit: whole('-n, --limit <n>', 'sources at most, those with most missed first (50)'),
  },
  examples: [
    ['panoptes record completeness', 'the last hour, worst sources first'],
    ['panoptes record completeness --intervals --since 30m', 'minute by minute'],
    ['panoptes record completeness --since 24h --gate 99.9% --quiet || page-someone', 'a check for a script'],
  ],
  watchable: true,
  async run({ options, out, client, signal, exit }) {
    const { query: _, ...window } = windowOf({ ...options, query: undefined, environment: undefined })
    const { cluster, proxy, step: stepS } = options
    const found = await client().call(trafficRoutes.getCompleteness, { query: { ...window, cluster, proxy, stepS, limit: options.limit ?? 50 }, signal })
    const number = (n: number | null) => (n === null ? 'unknown' : n.toLocaleString('en'))
    const paint = (text: string, row: { state: string }) => out.style(row.state === 'complete' ? 'green' : row.state === 'incomplete' ? 'red' : 'yellow', text)
    if (out.format !== 'table' && !options.intervals && !options.gaps && out.format !== 'csv') out.show(found)
    else if (options.gaps) {
      out.list(
        found.gaps,
        [
          { title: 'from', value: (g) => when(g.from) },
          { title: 'to', value: (g) => when(g.to) },
          { title: 'cluster', value: (g) => g.cluster },
          { title: 'source', value: (g) => g.proxy || g.controller },
          { title: 'reason', value: (g) => g.reason },
          { title: 'missed', value: (g) => number(g.missed), right: true },
          { title: 'detail', value: (g) => g.detail },
        ],
        'No gap is known in this time.',
      )
    } else if (options.intervals) {
      out.list(found.intervals, [
        { title: 'from', value: (i) => when(i.from) },
        { title: 'expected', value: (i) => number(i.expected), right: true },
        { title: 'received', value: (i) => number(i.received), right: true },
        { title: 'missed', value: (i) => number(i.missed), right: true },
        { title: 'state', value: (i) => i.state, paint },
        { title: 'note', value: (i) => i.note },
      ])
    } else {
      out.list(
        found.sources.map(({ total, intervals: _intervals, ...source }) => ({ ...source, ...total })),
        [
          { title: 'cluster', value: (s) => s.cluster },
          { title: 'proxy', value: (s) => s.proxy.split('~')[2] ?? s.proxy },
          { title: 'kind', value: (s) => s.kind },
          { title: 'expected', value: (s) => number(s.expected), right: true },
          { title: 'received', value: (s) => number(s.received), right: true },
          { title: 'missed', value: (s) => number(s.missed), right: true },
          { title: 'share', value: (s) => percent(s.ratio) || 'unknown', right: true },
          { title: 'state', value: (s) => s.state, paint },
        ],
        'No source has reported in this time. `panoptes source list` says why.',
      )
    }
    out.say(completenessText(found.total))
    // Where nobody reports there is nothing to be complete; where nothing was expected nothing is missing.
    const nothingDue = found.sources.length > 0 && found.total.state === 'nothing-expected'
    const ratio = nothingDue ? 1 : found.total.ratio
    if (options.gate !== undefined && (ratio === null || ratio < options.gate)) {
      out.warn(`the record is ${ratio === null ? 'of unknown completeness' : `only ${percent(ratio)} complete`}; the gate is ${percent(options.gate)}`)
      exit('findings')
    }
  },
})
