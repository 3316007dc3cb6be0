import { setImmediate } from 'node:timers/promises'
import type { Query } from '@panoptes/contract'
import { endSql, errorSql } from './definitions.ts'
import { bucketSql, mergeBuckets, quantiles } from './histogram.ts'
import { partsOf } from './minutes.ts'
import { Nodes } from './nodes.ts'
import { ask, type Reader } from './reader.ts'
import { windowed } from './search.ts'
import { Parameters } from './sql.ts'
import type { By, Columns, Edge, Gathered, Node } from './topology-model.ts'
import type { TimeWindow } from './window.ts'

export interface TopologyRequest {
  query: Query
  window: TimeWindow
  by: By
  quantiles: boolean
  side: 'best' | 'client' | 'server'
  signal?: AbortSignal
}

/** Who talked to whom: each access counted once, though both its sides report it. */
export async function topology(reader: Reader, request: TopologyRequest): Promise<{ nodes: Node[]; edges: Edge[] }> {
  const [columns, services] = await Promise.all([read(reader, request), readServices(reader, request)])
  const seconds = Math.max(1, (request.window.toUs - request.window.fromUs) / 1e6)
  const nodes = new Nodes(request.by)
  const edges = await collect(columns, nodes, request.side)
  const servicesOf = (to: string) => services.get(request.by === 'version' ? to.slice(0, to.lastIndexOf('/')) : to) ?? []
  const finished: Edge[] = []
  for (const [i, edge] of edges.entries()) {
    if (i % atOnce === atOnce - 1) await setImmediate()
    finished.push(finish(edge, seconds, servicesOf(edge.to)))
  }
  return { nodes: nodes.list(edges, seconds), edges: finished }
}

const place = [
  'srcCluster',
  'srcNamespace',
  'srcName',
  'srcVersion',
  'srcBare',
  'dstCluster',
  'dstNamespace',
  'dstName',
  'dstVersion',
  'dstBare',
  'external',
  'srcKnown',
]
const keys = [...place, 'reporter', 'protocol', 'origin'].join(', ')

/** What is summed: written exactly as the record keeps it per minute. */
const measures = `count() AS entries, countIf(${errorSql}) AS failures, countIf(decision = 'denied') AS denials,
  sum(req_body_bytes) AS sent, sum(resp_body_bytes) AS got, countIf(mtls = 1) AS secured`
const durations = `sumMap([${bucketSql('duration_us')}], [toUInt64(1)]) AS spread`

/** How one end is named where its workload is known. */
function known(side: 'src' | 'dst', by: By): string[] {
  const none = `''`
  return [
    `${side}_cluster AS ${side}Cluster`,
    `${by === 'cluster' ? none : `${side}_namespace`} AS ${side}Namespace`,
    `${by === 'workload' || by === 'version' ? `${side}_workload` : by === 'service' ? `if(${side}_service != '', ${side}_service, ${side}_workload)` : none} AS ${side}Name`,
    `${by === 'version' ? `${side}_version` : none} AS ${side}Version`,
    `0 AS ${side}Bare`,
  ]
}

/** How one end is named otherwise: by its service or account in a namespace. Columns in the same order. */
function anyEnd(side: 'src' | 'dst', by: By): string[] {
  const [cluster, namespace, name, version] = known(side, by)
  const bare = `if(${side}_service != '', ${side}_service, ${side}_sa)`
  const named = by === 'workload' || by === 'version' ? `if(${side}_workload != '', ${side}_workload, ${bare}) AS ${side}Name` : name!
  return [cluster!, namespace!, named, version!, `${side}_workload = '' AS ${side}Bare`]
}

const outside = `if(dst_workload = '' AND dst_namespace = '', multiIf(dst_service != '', dst_service, host != '', host, sni != '', sni, toString(dst_ip)), '')`

/** The statement: edges between known workloads (from whole minutes, where they serve) and all others (from rows). */
function statement({ query, window, by, quantiles, side }: TopologyRequest, p: Parameters): string {
  const seen = side === 'best' ? '' : ` AND reporter = ${p.add('String', side)}`
  const sums = quantiles ? `${measures}, ${durations}` : `${measures}, CAST(([], []), 'Tuple(Array(UInt8), Array(UInt64))') AS spread`
  const select = (ends: string[], where: string) =>
    `SELECT ${ends.join(', ')}, reporter, protocol, origin, ${sums} FROM accesses WHERE ${where} AND ${endSql}${seen} GROUP BY ${keys}`
  const both = `src_workload != '' AND dst_workload != ''`
  const knownEnds = [...known('src', by), ...known('dst', by), `'' AS external`, '1 AS srcKnown']
  const parts = by === 'version' || by === 'service' ? [{ where: windowed(query, window.fromUs, window.toUs, p).where }] : partsOf(query, window, p)
  const others = [...anyEnd('src', by), ...anyEnd('dst', by), `${outside} AS external`, `src_workload != '' OR src_namespace != '' AS srcKnown`]
  const selects = [
    ...parts.map(({ where }) => select(knownEnds, `${where} AND ${both}`)),
    select(others, `${windowed(query, window.fromUs, window.toUs, p).where} AND NOT (${both})`),
  ]
  return `SELECT ${keys}, sum(entries) AS count, sum(failures) AS errors, sum(denials) AS denied, sum(sent) AS reqBytes, sum(got) AS respBytes, sum(secured) AS mtls,
      ${quantiles ? 'sumMap(spread)' : 'any(spread)'} AS buckets
    FROM (${selects.join('\n UNION ALL ')}) GROUP BY ${keys}`
}

async function read(reader: Reader, request: TopologyRequest): Promise<Columns> {
  const parameters = new Parameters()
  return reader.columns<Columns>(statement(request, parameters), parameters.values, ask(request.signal))
}

/** Services by which each workload was addressed lately. */
async function readServices(reader: Reader, { query, window, by, signal }: TopologyRequest): Promise<Map<string, string[]>> {
  if (by === 'namespace' || by === 'cluster') return new Map()
  const recently = Math.max(window.fromUs, window.toUs - 900e6)
  const { where, parameters } = windowed(query, recently, window.toUs)
  const sql = `SELECT dst_cluster AS cluster, dst_namespace AS namespace, dst_workload AS workload, groupUniqArray(10)(dst_service) AS services
    FROM accesses WHERE ${where} AND dst_service != '' GROUP BY cluster, namespace, workload`
  const rows = await reader.query<{ cluster: string; namespace: string; workload: string; services: string[] }>(sql, parameters.values, ask(signal))
  return new Map(rows.map(({ cluster, namespace, workload, services }) => [`${cluster}/${namespace}/${workload}`, services.sort()]))
}

/** Groups or edges worked on before the process may do something else. */
const atOnce = 2_000

/** The side that is believed where several report the same way: the server's own entries, else the client's. */
const trust: Record<string, number> = { server: 3, client: 2 }

/** In pieces, so that a large map does not hold up other requests. */
async function collect(columns: Columns, nodes: Nodes, side: TopologyRequest['side']): Promise<Gathered[]> {
  const size = columns.count.length
  const ends: [string, string][] = []
  const pairs: string[] = []
  const best = new Map<string, number>()
  for (let i = 0; i < size; i++) {
    if (i % atOnce === atOnce - 1) await setImmediate()
    const [from, to] = nodes.endsOf(columns, i)
    // Both sides may name the protocol differently (a sidecar upgrades), so TCP is told from HTTP only.
    const pair = `${from}\n${to}\n${columns.protocol[i] === 'tcp' ? 'tcp' : 'http'}`
    ends.push([from, to])
    pairs.push(pair)
    const trusted = trust[columns.reporter[i]!] ?? 1
    if (trusted > (best.get(pair) ?? 0)) best.set(pair, trusted)
  }
  const edges = new Map<string, Gathered>()
  for (let i = 0; i < size; i++) {
    if (i % atOnce === atOnce - 1) await setImmediate()
    if (side === 'best' && (trust[columns.reporter[i]!] ?? 1) < best.get(pairs[i]!)!) continue
    const [from, to] = ends[i]!
    const protocol = columns.protocol[i]!
    const key = `${from}\n${to}\n${protocol}`
    let edge = edges.get(key)
    if (!edge) {
      edge = { from, to, protocol, count: 0, errors: 0, denied: 0, reqBytes: 0, respBytes: 0, mtls: 0, buckets: undefined }
      edges.set(key, edge)
    }
    add(edge, columns, i)
    nodes.note(from, to)
  }
  return [...edges.values()]
}

function add(edge: Gathered, columns: Columns, i: number): void {
  edge.count += Number(columns.count[i])
  edge.errors += Number(columns.errors[i])
  edge.denied += Number(columns.denied[i])
  edge.reqBytes += Number(columns.reqBytes[i])
  edge.respBytes += Number(columns.respBytes[i])
  edge.mtls += Number(columns.mtls[i])
  edge.buckets = edge.buckets ? mergeBuckets(edge.buckets, columns.buckets[i]!) : columns.buckets[i]!
}

function finish({ from, to, protocol, buckets, mtls, count, ...sums }: Gathered, seconds: number, services: string[]): Edge {
  const [p50Us, p95Us, p99Us] = quantiles(buckets, [0.5, 0.95, 0.99])
  const mtlsRatio = count > 0 ? mtls / count : 0
  return {
    id: `${from} > ${to} ${protocol}`,
    from,
    to,
    protocol,
    count,
    rate: count / seconds,
    ...sums,
    mtlsRatio,
    p50Us: p50Us!,
    p95Us: p95Us!,
    p99Us: p99Us!,
    services,
  }
}
