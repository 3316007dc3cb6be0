import type { WatchStatus } from './watch-kind.ts'

const families: [name: string, type: 'gauge' | 'counter', help: string, value: (status: WatchStatus, now: number) => number][] = [
  [
    'stale_seconds',
    'gauge',
    'How old the view of a kind is at most; NaN before anything came.',
    (s, now) => (s.confirmedAt ? (now - s.confirmedAt) / 1_000 : Number.NaN),
  ],
  ['objects', 'gauge', 'Objects known of a kind.', (s) => s.objects],
  ['events_total', 'counter', 'Changes, lists and gaps told.', (s) => s.events],
  ['lists_total', 'counter', 'Whole lists asked for.', (s) => s.lists],
  ['connects_total', 'counter', 'Watches opened.', (s) => s.connects],
  ['gaps_total', 'counter', 'Intervals in which changes may have been missed.', (s) => s.gaps],
  ['failing', 'gauge', '1 while the API server cannot be reached or refuses.', (s) => (s.problem ? 1 : 0)],
]

/** The state of all watches in Prometheus' text form, by the name of the kind. `now` in epoch ms. */
export function watchMetrics(kinds: ReadonlyMap<string, WatchStatus>, now = Date.now()): string {
  return families
    .map(([name, type, help, value]) => {
      const full = `panoptes_controller_watch_${name}`
      const lines = [...kinds].map(([kind, status]) => `${full}{kind=${JSON.stringify(kind)}} ${value(status, now)}\n`)
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`
    })
    .join('')
}
