import type { Query } from '@panoptes/contract'
import { windowed } from './compile.ts'
import { endSql } from './definitions.ts'
import type { Cells, Spread } from './map-cache/cells.ts'
import { type FoldRequest, fold } from './map-cache/fold.ts'
import { Groups } from './map-cache/groups.ts'
import { partsOf } from './minutes.ts'
import { ask, type Reader, rollups } from './reader.ts'
import { Parameters } from './sql.ts'
import type { By, Columns, Edge, Node } from './topology-model.ts'
import { durations, ends, keys, known, measures } from './topology-sql.ts'
import type { TimeWindow } from './window.ts'

export interface TopologyRequest {
  query: Query
  window: TimeWindow
  by: By
  quantiles: boolean
  side: 'best' | 'client' | 'server'
  signal?: AbortSignal
}

/** A map. */
export interface Topology {
  nodes: Node[]
  edges: Edge[]
}

/** Who talked to whom: each access counted once, though both its sides report it. */
export async function topology(reader: Reader, request: TopologyRequest): Promise<Topology> {
  const [columns, services] = await Promise.all([read(reader, request), readServices(reader, request)])
  const groups = new Groups(request.by)
  groups.add([...columns.count.keys()], columns)
  return fold(groups, [cellsOf(columns)], request.quantiles ? [spreadOf(columns)] : [], foldRequest(request, services))
}

/** How the sums of a request are made into a map. */
export function foldRequest({ window, by, side }: TopologyRequest, services: Map<string, string[]>): FoldRequest {
  const servicesOf = (to: string) => services.get(by === 'version' ? to.slice(0, to.lastIndexOf('/')) : to) ?? []
  return { side, seconds: Math.max(1, (window.toUs - window.fromUs) / 1e6), servicesOf }
}

function cellsOf({ count, errors, denied, mtls, reqBytes, respBytes }: Columns): Cells {
  const column = (values: number[]) => Float64Array.from(values, Number)
  return {
    group: Int32Array.from(count.keys()),
    ...{ count: column(count), errors: column(errors), denied: column(denied), mtls: column(mtls), reqBytes: column(reqBytes), respBytes: column(respBytes) },
  }
}

function spreadOf({ buckets }: Columns): Spread {
  const group = buckets.flatMap(([which], i) => which.map(() => i))
  return {
    group: Int32Array.from(group),
    bucket: Uint8Array.from(buckets.flatMap(([which]) => which)),
    count: Float64Array.from(buckets.flatMap(([, counts]) => counts.map(Number))),
  }
}

/** The statement: edges between known workloads (from whole minutes, where they serve) and all others (from rows). */
function statement({ query, window, by, quantiles, side }: TopologyRequest, p: Parameters): string {
  const seen = side === 'best' ? '' : ` AND reporter = ${p.add('String', side)}`
  const sums = quantiles ? `${measures}, ${durations}` : `${measures}, CAST(([], []), 'Tuple(Array(UInt8), Array(UInt64))') AS spread`
  const select = (ends: string[], where: string) =>
    `SELECT ${ends.join(', ')}, reporter, protocol, origin, ${sums} FROM accesses WHERE ${where} AND ${endSql}${seen} GROUP BY ${keys}`
  const both = `src_workload != '' AND dst_workload != ''`
  const knownEnds = [...known('src', by), ...known('dst', by), `'' AS external`, '1 AS srcKnown']
  const parts = by === 'version' || by === 'service' ? [{ where: windowed(query, window.fromUs, window.toUs, p).where }] : partsOf(query, window, p)
  const selects = [
    ...parts.map(({ where }) => select(knownEnds, `${where} AND ${both}`)),
    select(ends(by), `${windowed(query, window.fromUs, window.toUs, p).where} AND NOT (${both})`),
  ]
  return `SELECT ${keys}, sum(entries) AS count, sum(failures) AS errors, sum(denials) AS denied, sum(sent) AS reqBytes, sum(got) AS respBytes, sum(secured) AS mtls,
      ${quantiles ? 'sumMap(spread)' : 'any(spread)'} AS buckets
    FROM (${selects.join('\n UNION ALL ')}) GROUP BY ${keys}`
}

async function read(reader: Reader, request: TopologyRequest): Promise<Columns> {
  const parameters = new Parameters()
  return reader.columns<Columns>(statement(request, parameters), parameters.values, ask(request.signal, rollups))
}

/** Services by which each workload was addressed lately. */
export async function readServices(reader: Reader, { query, window, by, signal }: TopologyRequest): Promise<Map<string, string[]>> {
  if (by === 'namespace' || by === 'cluster') return new Map()
  const recently = Math.max(window.fromUs, window.toUs - 900e6)
  const { where, parameters } = windowed(query, recently, window.toUs)
  const sql = `SELECT dst_cluster AS cluster, dst_namespace AS namespace, dst_workload AS workload, groupUniqArray(10)(dst_service) AS services
    FROM accesses WHERE ${where} AND dst_service != '' GROUP BY cluster, namespace, workload`
  const rows = await reader.query<{ cluster: string; namespace: string; workload: string; services: string[] }>(sql, parameters.values, ask(signal))
  return new Map(rows.map(({ cluster, namespace, workload, services }) => [`${cluster}/${namespace}/${workload}`, services.sort()]))
}
