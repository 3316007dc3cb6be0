import { z } from 'zod'
import { defineRoute } from '../http.ts'
import { Access } from './access.ts'
import { Asked, Completeness, CompletenessState, Moment, Window } from './common.ts'

const tag = 'Record'
const Field = z.string().max(60)
const Limit = z.coerce.number().int().min(1).max(10_000).default(100)

export const searchAccesses = defineRoute({
  operationId: 'searchAccesses',
  method: 'GET',
  path: '/api/v1/accesses',
  summary: 'Search the record, newest first (or oldest first)',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: Window.extend({
    limit: Limit,
    cursor: z.string().max(500).optional().describe('From `next` of the answer before'),
    order: z.enum(['newest', 'oldest']).default('newest'),
    fields: z.string().max(4_000).optional().describe('Comma-separated field names; the list fields unless told otherwise; * = all'),
  }),
  response: z.object({
    asked: Asked,
    accesses: z.array(Access),
    next: z.string().nullable(),
    completeness: Completeness,
    tookMs: z.number(),
  }),
})

export const getAccess = defineRoute({
  operationId: 'getAccess',
  method: 'GET',
  path: '/api/v1/accesses/:id',
  summary: 'One access in full, with its paired side and its trace neighbours',
  tag,
  scope: 'record:read',
  params: z.object({ id: z.string().max(200) }),
  response: z.object({
    access: Access,
    pair: z.array(Access).describe('Entries of the other side: same request id and same connection'),
    trace: z.array(Access).describe('Other entries of the same trace, oldest first'),
    betweenProxiesUs: z.number().nullable().describe('Client-side minus server-side duration: the time between the proxies'),
  }),
})

export const FacetValue = z.object({ value: z.string(), count: z.number().int() })

export const listFacets = defineRoute({
  operationId: 'listFacets',
  method: 'GET',
  path: '/api/v1/accesses/facets',
  summary: 'Most frequent values of fields among the matching accesses',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: Window.extend({ fields: z.string().max(1_000), limit: z.coerce.number().int().min(1).max(500).default(10) }),
  response: z.object({ asked: Asked, facets: z.array(z.object({ field: Field, distinct: z.number().int(), values: z.array(FacetValue) })) }),
})

export const SeriesPoint = z.object({
  at: z.iso.datetime(),
  count: z.number(),
  errors: z.number(),
  p50Us: z.number().nullable(),
  p95Us: z.number().nullable(),
  p99Us: z.number().nullable(),
  reqBytes: z.number(),
  respBytes: z.number(),
})

export const getSeries = defineRoute({
  operationId: 'getSeries',
  method: 'GET',
  path: '/api/v1/accesses/series',
  summary: 'Rate, errors, durations and bytes over time',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: Window.extend({
    stepS: z.coerce.number().int().min(1).max(86_400).optional().describe('Seconds per point; chosen to give about 120 points unless told otherwise'),
    by: Field.optional().describe('One series per value of this field (the ten most frequent)'),
  }),
  response: z.object({
    asked: Asked,
    stepS: z.number().int(),
    series: z.array(z.object({ key: z.string(), points: z.array(SeriesPoint) })),
    gaps: z.array(z.object({ from: z.iso.datetime(), to: z.iso.datetime(), reason: z.string(), missed: z.number().nullable() })),
    completeness: Completeness,
  }),
})

export const completeQuery = defineRoute({
  operationId: 'completeQuery',
  method: 'GET',
  path: '/api/v1/accesses/completion',
  summary: 'What may follow at a place of a query: fields, operators, values from the record',
  tag,
  scope: 'record:read',
  query: Window.omit({ environment: true }).extend({ position: z.coerce.number().int().min(0).max(10_000) }),
  response: z.object({
    from: z.number().int().describe('Column where the replaced text begins'),
    to: z.number().int(),
    suggestions: z.array(z.object({ text: z.string(), kind: z.enum(['field', 'operator', 'value', 'keyword']), detail: z.string() })),
  }),
})

export const exportAccesses = defineRoute({
  operationId: 'exportAccesses',
  method: 'GET',
  path: '/api/v1/accesses/export',
  summary: 'All matching accesses as a file; header panoptes-total-rows says how many are coming',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: Window.extend({
    format: z.enum(['ndjson', 'csv', 'parquet', 'text']).default('ndjson'),
    prefix: z.string().max(1_000).default('').describe('Put before every line (not with parquet)'),
    fields: z.string().max(4_000).optional(),
    limit: z.coerce.number().int().min(1).max(100_000_000).optional(),
  }),
  response: z.string(),
  answers: 'stream',
  mediaTypes: ['application/x-ndjson', 'text/csv', 'text/plain', 'application/vnd.apache.parquet'],
})

export const tailAccesses = defineRoute({
  operationId: 'tailAccesses',
  method: 'GET',
  path: '/api/v1/accesses/tail',
  summary: 'Accesses as they arrive: server-sent events `access`, `missed` (a slow reader lost some) and `completeness`',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: z.object({
    query: z.string().max(10_000).default(''),
    fields: z.string().max(4_000).optional(),
    environment: Window.shape.environment,
    origin: Window.shape.origin,
    maxPerSecond: z.coerce.number().int().min(1).max(10_000).default(1_000),
  }),
  response: z.string(),
  answers: 'sse',
})

export const TopologyNode = z
  .object({
    id: z.string().describe('cluster[/namespace[/workload[/version]]], external:host, or unknown:cluster for clients that nobody knows'),
    kind: z.enum(['workload', 'version', 'service', 'namespace', 'cluster', 'external', 'unknown']),
    cluster: z.string(),
    namespace: z.string(),
    name: z.string(),
    version: z.string(),
    origin: z.string(),
    x: z.number().nullable(),
    y: z.number().nullable(),
    rateIn: z.number().describe('Requests per second'),
    rateOut: z.number(),
    errorRatio: z.number(),
  })
  .meta({ id: 'TopologyNode' })

export const TopologyEdge = z
  .object({
    id: z.string(),
    from: z.string(),
    to: z.string(),
    protocol: z.string(),
    count: z.number().int(),
    rate: z.number(),
    errors: z.number().int(),
    denied: z.number().int(),
    reqBytes: z.number(),
    respBytes: z.number(),
    mtlsRatio: z.number().min(0).max(1),
    p50Us: z.number().nullable(),
    p95Us: z.number().nullable(),
    p99Us: z.number().nullable(),
    services: z.array(z.string()).describe('Services by which the target was addressed'),
  })
  .meta({ id: 'TopologyEdge' })

export const getTopology = defineRoute({
  operationId: 'getTopology',
  method: 'GET',
  path: '/api/v1/topology',
  summary: 'Who talked to whom in a window: nodes and edges with rates, errors, durations, mTLS',
  tag: 'Map',
  scope: 'record:read',
  errors: ['PAN0007'],
  query: Window.extend({
    by: z.enum(['workload', 'version', 'service', 'namespace', 'cluster']).default('workload'),
    quantiles: z.stringbool().default(true).describe('false is about six times cheaper'),
    side: z
      .enum(['best', 'client', 'server'])
      .default('best')
      .describe('Which reporter’s entries are counted; best: server side where it reports, else client side'),
  }),
  response: z.object({ asked: Asked, nodes: z.array(TopologyNode), edges: z.array(TopologyEdge), completeness: Completeness, tookMs: z.number() }),
})

export const NodePosition = z.object({ id: z.string().max(500), x: z.number(), y: z.number(), pinned: z.boolean() })

export const getPositions = defineRoute({
  operationId: 'getPositions',
  method: 'GET',
  path: '/api/v1/topology/positions',
  summary: 'Positions of the map’s nodes, the same for every reader of the organization',
  tag: 'Map',
  scope: 'record:read',
  response: z.object({ positions: z.array(NodePosition) }),
})

export const putPositions = defineRoute({
  operationId: 'putPositions',
  method: 'PUT',
  path: '/api/v1/topology/positions',
  summary: 'Keep positions of nodes (others stay as they are)',
  tag: 'Map',
  scope: 'record:read',
  body: z.object({ positions: z.array(NodePosition).max(20_000) }),
  response: z.object({ kept: z.number().int() }),
})

export const CompletenessInterval = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  expected: z.number().int().nullable(),
  received: z.number().int(),
  missed: z.number().int().nullable(),
  state: CompletenessState,
  note: z.string().describe('Why it is unknown, or what happened: epoch began, tail unknown, hot restart, spool dropped'),
})

export const getCompletenessMark = defineRoute({
  operationId: 'getCompletenessMark',
  method: 'GET',
  path: '/api/v1/completeness/mark',
  summary: 'How complete a window is, in one line: what answers about the window carry',
  tag: 'Completeness',
  scope: 'record:read',
  query: z.object({ from: Moment.default('-1h'), to: Moment.default('now'), origin: Window.shape.origin }),
  response: z.object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    total: Completeness.describe('May be half a minute old, of a window a minute wider (an hour, where it is longer than two); pending while it is counted'),
  }),
})

export const getCompleteness = defineRoute({
  operationId: 'getCompleteness',
  method: 'GET',
  path: '/api/v1/completeness',
  summary: 'Per source and interval: expected, received and missed entries',
  tag: 'Completeness',
  scope: 'record:read',
  query: z.object({
    from: Moment.default('-1h'),
    to: Moment.default('now'),
    stepS: z.coerce.number().int().min(1).max(86_400).default(60),
    proxy: z.string().max(500).optional(),
    cluster: z.string().max(200).optional(),
    origin: Window.shape.origin,
    limit: z.coerce.number().int().min(1).max(10_000).default(1_000).describe('Sources at most, those with most missed first'),
  }),
  response: z.object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    total: Completeness,
    intervals: z.array(CompletenessInterval).describe('All sources together'),
    sources: z.array(
      z.object({
        cluster: z.string(),
        controller: z.string(),
        proxy: z.string(),
        kind: z.enum(['http', 'tcp']),
        total: Completeness,
        intervals: z.array(CompletenessInterval),
      }),
    ),
    gaps: z.array(
      z.object({
        from: z.iso.datetime(),
        to: z.iso.datetime(),
        cluster: z.string(),
        controller: z.string(),
        proxy: z.string(),
        stream: z.string(),
        reason: z.string(),
        missed: z.number().int().nullable(),
        detail: z.string(),
      }),
    ),
  }),
})

export const FieldInfo = z.object({
  field: z.string(),
  column: z.string(),
  type: z.string(),
  unit: z.string(),
  class: z.enum(['exact', 'timed', 'derived']),
  source: z.string(),
  description: z.string(),
  indexed: z.boolean(),
})

export const listFields = defineRoute({
  operationId: 'listFields',
  method: 'GET',
  path: '/api/v1/record/fields',
  summary: 'The fields of an access: name, type, unit, source, class',
  tag,
  scope: 'record:read',
  response: z.object({ fields: z.array(FieldInfo) }),
})

export const SavedSearch = z.object({
  id: z.string(),
  name: z.string().min(1).max(200),
  query: z.string().max(10_000),
  from: z.string().max(40),
  to: z.string().max(40),
  fields: z.array(Field).max(200),
  shared: z.boolean(),
  owner: z.string(),
  createdAt: z.iso.datetime(),
})
const SearchInput = SavedSearch.pick({ name: true, query: true, from: true, to: true, fields: true, shared: true })

export const listSearches = defineRoute({
  operationId: 'listSearches',
  method: 'GET',
  path: '/api/v1/searches',
  summary: 'Saved searches: one’s own and shared ones',
  tag,
  scope: 'record:read',
  response: z.object({ searches: z.array(SavedSearch) }),
})

export const createSearch = defineRoute({
  operationId: 'createSearch',
  method: 'POST',
  path: '/api/v1/searches',
  summary: 'Save a search',
  tag,
  scope: 'record:read',
  body: SearchInput,
  response: SavedSearch,
  status: 201,
})

export const deleteSearch = defineRoute({
  operationId: 'deleteSearch',
  method: 'DELETE',
  path: '/api/v1/searches/:id',
  summary: 'Forget a saved search',
  tag,
  scope: 'record:read',
  params: z.object({ id: z.string().max(100) }),
  response: z.object({ deleted: z.literal(true) }),
})

export const Sink = z.object({
  id: z.string(),
  name: z.string().min(1).max(200),
  kind: z.enum(['stdout', 'file', 'syslog', 'otlp']),
  /** file: path; syslog: udp://host:port, tcp://…, tls://…; otlp: http(s)://…/v1/logs; stdout: empty. */
  target: z.string().max(1_000),
  query: z.string().max(10_000),
  prefix: z.string().max(1_000),
  format: z.enum(['text', 'ndjson', 'csv']),
  enabled: z.boolean(),
  sent: z.number().int(),
  failed: z.number().int(),
  lastError: z.string(),
})
const SinkInput = Sink.pick({ name: true, kind: true, target: true, query: true, prefix: true, format: true, enabled: true })

export const listSinks = defineRoute({
  operationId: 'listSinks',
  method: 'GET',
  path: '/api/v1/sinks',
  summary: 'Where accesses are forwarded to as they arrive',
  tag: 'Forwarding',
  scope: 'settings:read',
  response: z.object({ sinks: z.array(Sink) }),
})

export const createSink = defineRoute({
  operationId: 'createSink',
  method: 'POST',
  path: '/api/v1/sinks',
  summary: 'Forward accesses to stdout, a rotating file, syslog (RFC 5424) or OTLP logs',
  tag: 'Forwarding',
  scope: 'settings:write',
  body: SinkInput,
  response: Sink,
  status: 201,
})

export const updateSink = defineRoute({
  operationId: 'updateSink',
  method: 'PUT',
  path: '/api/v1/sinks/:id',
  summary: 'Change a forwarding',
  tag: 'Forwarding',
  scope: 'settings:write',
  params: z.object({ id: z.string().max(100) }),
  body: SinkInput,
  response: Sink,
})

export const deleteSink = defineRoute({
  operationId: 'deleteSink',
  method: 'DELETE',
  path: '/api/v1/sinks/:id',
  summary: 'Stop and forget a forwarding',
  tag: 'Forwarding',
  scope: 'settings:write',
  params: z.object({ id: z.string().max(100) }),
  response: z.object({ deleted: z.literal(true) }),
})
