import { statfs } from 'node:fs/promises'
import type { DiskForecast, Problem, Settings, Status } from '@panoptes/contract'
import { errorCatalogue } from '@panoptes/contract'
import type { Extent, Forecast, Ingest } from '../ingest/index.ts'
import type { Metrics } from '../platform/metrics/index.ts'
import type { RecordStore } from '../platform/record/index.ts'
import type { State } from '../platform/state/index.ts'
import type { Rates } from './rates.ts'
import { isSilent, type Reporter } from './reporters.ts'

export interface StatusDeps {
  version: string
  replica: string
  startedAt: Date
  dataDir: string
  state: State
  record: RecordStore
  ingest: Pick<Ingest, 'status'>
  forecast: () => Promise<Forecast>
  extent: (org: string) => Promise<Extent>
  metrics: Metrics
  rates: Rates
  demoState: () => Status['demo']
  /** What happened to the stores since start, newest last. */
  troubles: () => readonly string[]
}

/** Everything the status page shows, for one organization. */
export async function statusOf(deps: StatusDeps, org: string, settings: Settings, reporters: readonly Reporter[]): Promise<Status> {
  const [stateVersion, forecast, extent] = await Promise.all([
    deps.state.probe(),
    deps.forecast().catch(() => undefined),
    deps.extent(org).catch(() => undefined),
  ])
  const record = deps.record.status()
  const disk = record.embedded && forecast ? await diskOf(deps.dataDir, forecast, settings) : null
  const ingest = deps.ingest.status()
  const silent = reporters.filter((reporter) => isSilent(reporter)).length
  return {
    version: deps.version,
    node: process.versions.node,
    replica: deps.replica,
    startedAt: deps.startedAt.toISOString(),
    uptimeS: Math.round((Date.now() - deps.startedAt.getTime()) / 1000),
    demo: deps.demoState(),
    state: {
      kind: deps.state.kind,
      state: stateVersion ? 'ready' : 'down',
      version: stateVersion ?? null,
      detail: stateVersion ? `PostgreSQL ${stateVersion}` : 'does not answer',
    },
    record: {
      kind: record.embedded ? 'embedded' : 'clickhouse',
      state: record.state === 'ready' ? 'ready' : record.state === 'starting' ? 'starting' : 'down',
      version: record.version || null,
      detail: record.cause || `ClickHouse ${record.version}${record.restarts > 0 ? `, restarted ${record.restarts} times` : ''}`,
    },
    disk,
    ingest: {
      accepting: !ingest.diskFull && record.state === 'ready',
      batches: ingest.accepted,
      rows: ingest.rows,
      rowsPerSecond: deps.rates.rowsPerSecond(),
      lastBatchAt: deps.rates.lastBatchAt()?.toISOString() ?? null,
      controllers: { active: reporters.length - silent, silent },
    },
    oldestRow: extent?.oldest?.toISOString() ?? null,
    newestRow: extent?.newest?.toISOString() ?? null,
    rows: extent?.rows ?? null,
    memory: { rssBytes: process.memoryUsage.rss() },
    eventLoopLagMs: deps.metrics.eventLoopLag(),
    problems: problemsOf(deps, disk, ingest.diskFull, reporters),
  }
}

const day = 86_400_000

async function diskOf(directory: string, forecast: Forecast, settings: Settings): Promise<DiskForecast> {
  const { bsize, blocks, bavail } = await statfs(directory)
  const freeBytes = forecast.freeBytes ?? bsize * bavail
  const { floorBytes } = settings.disk
  const daysLeft = forecast.daysLeft ?? (forecast.bytesPerDay > 0 ? Math.max(0, freeBytes - floorBytes) / forecast.bytesPerDay : null)
  const { days, bytes } = settings.retention
  const holdsByAge = days !== null && daysLeft !== null && forecast.bytesPerDay * days < forecast.bytesOnDisk + Math.max(0, freeBytes - floorBytes)
  const holdsBySize = bytes !== null && bytes < forecast.bytesOnDisk + Math.max(0, freeBytes - floorBytes)
  return {
    directory,
    totalBytes: bsize * blocks,
    freeBytes,
    floorBytes,
    recordBytes: forecast.bytesOnDisk,
    bytesPerDay: forecast.bytesPerDay > 0 ? forecast.bytesPerDay : null,
    fullAt: daysLeft === null || daysLeft > 36_500 ? null : new Date(Date.now() + daysLeft * day).toISOString(),
    retentionHolds: holdsByAge || holdsBySize,
  }
}

function problemsOf(deps: StatusDeps, disk: DiskForecast | null, diskFull: boolean, reporters: readonly Reporter[]): Problem[] {
  const problems: Problem[] = []
  const hintOf = (code: 'PAN0005' | 'PAN0006') => errorCatalogue.get(code)?.hint ?? ''
  const record = deps.record.status()
  if (record.state !== 'ready') {
    problems.push({ code: 'PAN0005', severity: 'critical', title: 'The record does not answer', detail: record.cause, hint: hintOf('PAN0005') })
  }
  if (diskFull) {
    const detail = `Less than ${disk?.floorBytes ?? 0} bytes are free, so ingest has stopped; controllers keep what they collect.`
    problems.push({ code: 'PAN0006', severity: 'critical', title: 'Disk nearly full', detail, hint: hintOf('PAN0006') })
  } else if (disk?.fullAt && !disk.retentionHolds && Date.parse(disk.fullAt) - Date.now() < 7 * day) {
    const detail = `At this pace the free-space floor is reached at ${disk.fullAt}.`
    problems.push({
      code: 'PAN0006',
      severity: 'warning',
      title: 'Disk fills within a week',
      detail,
      hint: 'Lower the retention, or give the record more space.',
    })
  }
  for (const reporter of reporters.filter((one) => isSilent(one))) {
    const detail = `${reporter.id} (cluster ${reporter.cluster}) was last heard ${reporter.lastSeenAt?.toISOString() ?? 'never'}.`
    const hint = 'Check that it runs and reaches this server, or delete it under Settings.'
    problems.push({ code: null, severity: 'warning', title: 'Controller is silent', detail, hint })
  }
  for (const trouble of deps.troubles()) {
    problems.push({
      code: 'PAN0005',
      severity: 'warning',
      title: 'A store was in trouble',
      detail: trouble,
      hint: 'It was restarted. If this comes back, look at the log.',
    })
  }
  return problems
}
