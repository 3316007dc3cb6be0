import { z } from 'zod'
import { ClusterName, next, Page } from '../access/models.ts'
import { defineRoute } from '../http.ts'

const tag = 'System'
const time = z.iso.datetime()

export const Problem = z
  .object({
    code: z.string().nullable(),
    severity: z.enum(['notice', 'warning', 'critical']),
    title: z.string(),
    detail: z.string(),
    hint: z.string(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof Problem>

export const StoreStatus = z
  .object({
    kind: z.enum(['embedded', 'postgres', 'clickhouse']),
    state: z.enum(['ready', 'starting', 'down']),
    version: z.string().nullable(),
    detail: z.string(),
  })
  .meta({ id: 'StoreStatus' })

export const DiskForecast = z
  .object({
    directory: z.string(),
    totalBytes: z.number().int(),
    freeBytes: z.number().int(),
    floorBytes: z.number().int().describe('Below this much free space ingest stops'),
    recordBytes: z.number().int(),
    bytesPerDay: z.number().nullable().describe('Growth over the last days; null while too little is known'),
    fullAt: time.nullable().describe('When the floor is reached at this pace; null = never or unknown'),
    retentionHolds: z.boolean().describe('The retention removes old data before the floor is reached'),
  })
  .meta({ id: 'DiskForecast' })
export type DiskForecast = z.infer<typeof DiskForecast>

export const Status = z
  .object({
    version: z.string(),
    node: z.string(),
    replica: z.string().describe('Name of the replica that answered'),
    startedAt: time,
    uptimeS: z.number(),
    demo: z.enum(['off', 'starting', 'running', 'stopped', 'failed']),
    state: StoreStatus,
    record: StoreStatus,
    disk: DiskForecast.nullable().describe('null where the record is not on this machine'),
    ingest: z.object({
      accepting: z.boolean(),
      batches: z.number().int().describe('Accepted since this replica started'),
      rows: z.number().int(),
      rowsPerSecond: z.number().describe('Over the last minute'),
      lastBatchAt: time.nullable(),
      controllers: z.object({ active: z.number().int(), silent: z.number().int() }),
    }),
    oldestRow: time.nullable(),
    newestRow: time.nullable(),
    rows: z.number().int().nullable(),
    memory: z.object({ rssBytes: z.number().int() }),
    eventLoopLagMs: z.object({ p50: z.number(), p999: z.number() }),
    problems: z.array(Problem),
  })
  .meta({ id: 'Status' })
export type Status = z.infer<typeof Status>

export const getStatus = defineRoute({
  operationId: 'getStatus',
  method: 'GET',
  path: '/api/v1/status',
  summary: 'How the server, its stores and its disk are',
  tag,
  scope: 'record:read',
  response: Status,
})

/** One proxy that reports, as its controller sees it. */
export const Source = z
  .object({
    id: z.string().describe('controller/kind/proxy'),
    controller: z.string(),
    cluster: z.string(),
    origin: z.enum(['user', 'demo']),
    proxy: z.string().describe('Node id of the proxy; empty for a controller to which no proxy has spoken'),
    proxyType: z.string(),
    namespace: z.string(),
    pod: z.string(),
    version: z.string().describe('Envoy version'),
    kind: z.enum(['als', 'otlp', 'metrics', 'none']).describe('How it speaks; none for a controller to which no proxy has spoken'),
    authenticated: z.boolean().describe('The proxy proved who it is (mTLS)'),
    streams: z.number().int().describe('Open streams'),
    lastAt: time.nullable().describe('Last message'),
    lastCountersAt: time.nullable().describe('Last sample of the proxy’s own counters; null = completeness is unknown'),
    entries: z.number().int(),
    entriesPerSecond: z.number(),
    errors: z.record(z.string(), z.number().int()).describe('Messages or entries that could not be read, by reason'),
    state: z.enum(['live', 'quiet', 'silent', 'failing']),
    /** Answers "why do I see nothing?" in one sentence, with what to do. */
    diagnosis: z.object({ code: z.string(), text: z.string(), hint: z.string() }),
  })
  .meta({ id: 'Source' })
export type Source = z.infer<typeof Source>

export const listSources = defineRoute({
  operationId: 'listSources',
  method: 'GET',
  path: '/api/v1/sources',
  summary: 'What reports, how much, and why something does not',
  tag,
  scope: 'record:read',
  query: Page.extend({
    cluster: ClusterName.optional(),
    origin: z.enum(['user', 'demo', 'all']).default('all'),
    state: z.enum(['live', 'quiet', 'silent', 'failing']).optional(),
    text: z.string().max(200).optional().describe('Part of the proxy’s id or the controller’s name'),
  }),
  response: z.object({
    sources: z.array(Source),
    next,
    /** Of the organization as a whole, for the empty page. */
    diagnosis: z.object({ code: z.string(), text: z.string(), hint: z.string() }),
  }),
})

export const Settings = z
  .object({
    retention: z.object({
      days: z.number().int().min(1).max(36_500).nullable().describe('Keep rows this long; null = no limit by age'),
      bytes: z.number().int().min(10_000_000).nullable().describe('Keep at most this much on disk; null = no limit by size'),
    }),
    disk: z.object({ floorBytes: z.number().int().min(0).describe('Below this much free space ingest stops until there is more') }),
    completeness: z.object({
      intervalS: z.number().int().min(5).max(3_600).describe('How often proxies report their counters'),
      settleS: z.number().int().min(0).max(3_600).describe('How long an interval waits for late entries before it is judged'),
    }),
    redactQuery: z.boolean().describe('Controllers replace the values of query strings by *'),
  })
  .meta({ id: 'Settings' })
export type Settings = z.infer<typeof Settings>

export const getSettings = defineRoute({
  operationId: 'getSettings',
  method: 'GET',
  path: '/api/v1/settings',
  summary: 'Settings of the organization',
  tag,
  scope: 'settings:read',
  response: Settings,
})

export const updateSettings = defineRoute({
  operationId: 'updateSettings',
  method: 'PATCH',
  path: '/api/v1/settings',
  summary: 'Change settings; what is not named stays',
  tag,
  scope: 'settings:write',
  body: z.object({
    retention: Settings.shape.retention.partial().optional(),
    disk: Settings.shape.disk.partial().optional(),
    completeness: Settings.shape.completeness.partial().optional(),
    redactQuery: z.boolean().optional(),
  }),
  response: Settings,
})

export const removeDemo = defineRoute({
  operationId: 'removeDemo',
  method: 'DELETE',
  path: '/api/v1/demo',
  summary: 'Stop the demo bank and remove everything it has written',
  tag,
  scope: 'settings:write',
  response: z.object({ controllers: z.number().int().describe('Removed'), rows: z.number().int().describe('Removed') }),
})
