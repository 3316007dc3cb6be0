import type { Query } from '@panoptes/contract'
import { endSql, errorSql } from './definitions.ts'
import { bucketSql, quantile } from './histogram.ts'
import { Nodes } from './nodes.ts'
import { ask, type Reader } from './reader.ts'
import { windowed } from './search.ts'
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
  const columns = await read(reader, request)
  const seconds = Math.max(1, (request.window.toUs - request.window.fromUs) / 1e6)
  const nodes = new Nodes(request.by)
  const edges = collect(columns, nodes, request.side)
  return { nodes: nodes.list(edges, seconds), edges: edges.map((edge) => finish(edge, seconds, request.quantiles)) }
}

/** The columns that name one end, per level of the map; what is not asked for is empty. */
function endColumns(side: 'src' | 'dst', by: By): string[] {
  const bare = `if(${side}_service != '', ${side}_service, ${side}_sa)`
  const names: Record<By, string> = {
    workload: `if(${side}_workload != '', ${side}_workload, ${bare})`,
    version: `if(${side}_workload != '', ${side}_workload, ${bare})`,
    service: `if(${side}_service != '', ${side}_service, ${side}_workload)`,
    namespace: `''`,
    cluster: `''`,
  }
  return [
    `${side}_cluster AS ${side}Cluster`,
    `${by === 'cluster' ? `''` : `${side}_namespace`} AS ${side}Namespace`,
    `${names[by]} AS ${side}Name`,
    `${by === 'version' ? `${side}_version` : `''`} AS ${side}Version`,
    `${side}_workload = '' AS ${side}Bare`,
  ]
}

async function read(reader: Reader, { query, window, by, quantiles, side, signal }: TopologyRequest): Promise<Columns> {
  const { where, parameters } = windowed(query, window.fromUs, window.toUs)
  // Where nobody knows the workload, the name by which it was addressed says what it is.
  const external = `if(dst_workload = '' AND dst_namespace = '', if(dst_service != '', dst_service, if(host != '', host, if(sni != '', sni, toString(dst_ip)))), '')`
  const keys = [
    ...endColumns('src', by),
    ...endColumns('dst', by),
    `${external} AS external`,
    `src_workload != '' OR src_namespace != '' AS srcKnown`,
    'reporter',
    'protocol',
    'origin',
  ]
  const seen = side === 'best' ? '' : ` AND reporter = ${parameters.add('String', side)}`
  const sql = `SELECT ${keys.join(', ')}, count() AS count, countIf(${errorSql}) AS errors, countIf(decision = 'denied') AS denied,
      sum(req_body_bytes) AS reqBytes, sum(resp_body_bytes) AS respBytes, countIf(mtls = 1) AS mtls,
      groupUniqArray(10)(dst_service) AS services, ${quantiles ? `sumMap([${bucketSql('duration_us')}], [toUInt64(1)])` : 'tuple([], [])'} AS buckets
    FROM accesses WHERE ${where} AND ${endSql}${seen}
    GROUP BY srcCluster, srcNamespace, srcName, srcVersion, srcBare, dstCluster, dstNamespace, dstName, dstVersion, dstBare, external, srcKnown, reporter, protocol, origin`
  return reader.columns<Columns>(sql, parameters.values, ask(signal))
}

/** The side that is believed where several report the same way: the server's own entries, else the client's. */
const trust: Record<string, number> = { server: 3, client: 2 }

function collect(columns: Columns, nodes: Nodes, side: TopologyRequest['side']): Gathered[] {
  const size = columns.count.length
  const ends = Array.from({ length: size }, (_, i) => nodes.endsOf(columns, i))
  // Both sides may name the protocol differently (a sidecar upgrades), so TCP is told from HTTP only.
  const pairOf = (i: number) => `${ends[i]![0]}\n${ends[i]![1]}\n${columns.protocol[i] === 'tcp' ? 'tcp' : 'http'}`
  const best = new Map<string, number>()
  for (let i = 0; i < size; i++) best.set(pairOf(i), Math.max(best.get(pairOf(i)) ?? 0, trust[columns.reporter[i]!] ?? 1))
  const edges = new Map<string, Gathered>()
  for (let i = 0; i < size; i++) {
    if (side === 'best' && (trust[columns.reporter[i]!] ?? 1) < best.get(pairOf(i))!) continue
    const [from, to] = ends[i]!
    nodes.note(columns, i)
    const key = `${from}\n${to}\n${columns.protocol[i]}`
    const edge = edges.get(key) ?? empty(from, to, columns.protocol[i]!)
    edges.set(key, edge)
    add(edge, columns, i)
  }
  return [...edges.values()]
}

function empty(from: string, to: string, protocol: string): Gathered {
  return { from, to, protocol, count: 0, errors: 0, denied: 0, reqBytes: 0, respBytes: 0, mtls: 0, services: new Set(), buckets: new Map() }
}

function add(edge: Gathered, columns: Columns, i: number): void {
  for (const name of ['count', 'errors', 'denied', 'reqBytes', 'respBytes', 'mtls'] as const) edge[name] += Number(columns[name][i])
  for (const service of columns.services[i]!) if (service) edge.services.add(service)
  const [buckets, counts] = columns.buckets[i]!
  for (let b = 0; b < buckets.length; b++) edge.buckets.set(buckets[b]!, (edge.buckets.get(buckets[b]!) ?? 0) + Number(counts[b]))
}

function finish(edge: Gathered, seconds: number, quantiles: boolean): Edge {
  const buckets = quantiles ? [...edge.buckets].sort(([a], [b]) => a - b) : []
  const { from, to, protocol, count, errors, denied, reqBytes, respBytes } = edge
  return {
    id: `${from} > ${to} ${protocol}`,
    from,
    to,
    protocol,
    count,
    rate: count / seconds,
    errors,
    denied,
    reqBytes,
    respBytes,
    mtlsRatio: count > 0 ? edge.mtls / count : 0,
    p50Us: quantile(buckets, 0.5),
    p95Us: quantile(buckets, 0.95),
    p99Us: quantile(buckets, 0.99),
    services: [...edge.services].sort(),
  }
}
