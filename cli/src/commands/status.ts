import { type Status, systemRoutes } from '@panoptes/contract'
import { defineCommand, type Run } from '../core/index.ts'
import { bytes, when } from '../output/index.ts'

export const status = defineCommand({
  name: 'status',
  summary: 'How the server, its stores, its disk and its ingest are',
  examples: [
    ['panoptes status', 'a look at the server'],
    ['panoptes status --watch', 'keep looking'],
    ['panoptes status -o json | jq .ingest.rowsPerSecond', 'one number for a script'],
  ],
  watchable: true,
  async run(run) {
    const found = await run.client().call(systemRoutes.getStatus, { signal: run.signal })
    run.out.show(found, shown(found))
    tellProblems(run, found.problems)
    if (found.problems.some((p) => p.severity === 'critical')) run.exit('findings')
  },
})

function shown(s: Status): [string, unknown][] {
  const store = (kind: Status['state']) => [kind.kind, kind.version, kind.state, kind.detail].filter(Boolean).join(' ')
  const { ingest, disk } = s
  return [
    ['server', `${s.version} on Node ${s.node}, up ${span(s.uptimeS)}`],
    ['state store', store(s.state)],
    ['record', store(s.record)],
    ['rows', s.rows === null ? 'unknown' : `${s.rows.toLocaleString('en')}${s.oldestRow ? `, from ${when(s.oldestRow)} to ${when(s.newestRow)}` : ''}`],
    ['ingest', `${ingest.accepting ? 'accepting' : 'stopped'}, ${ingest.rowsPerSecond.toFixed(1)} rows/s, last batch ${when(ingest.lastBatchAt) || 'never'}`],
    ['controllers', `${ingest.controllers.active} active, ${ingest.controllers.silent} silent`],
    ['disk', disk ? `${bytes(disk.freeBytes)} free of ${bytes(disk.totalBytes)}, record ${bytes(disk.recordBytes)}` : 'not on that machine'],
    ['memory', bytes(s.memory.rssBytes)],
    ['demo', s.demo],
  ]
}

/** What the server says is wrong, on standard error. */
export function tellProblems({ out }: Run, problems: Status['problems']): void {
  for (const p of problems)
    out.warn(
      `${out.style(p.severity === 'notice' ? 'cyan' : p.severity === 'warning' ? 'yellow' : 'red', p.severity)}: ${p.title}: ${p.detail}\n  hint: ${p.hint}`,
    )
}

function span(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86_400)} days`
}
