import { PanoptesError, type Query, resolveField } from '@panoptes/contract'
import { clauses, within } from './compile.ts'
import { errorSql } from './definitions.ts'
import { facets } from './facets.ts'
import { type Buckets, bucketSql, quantiles } from './histogram.ts'
import { ask, type Reader } from './reader.ts'
import { Parameters } from './sql.ts'
import type { TimeWindow } from './window.ts'

export interface SeriesRequest {
  query: Query
  window: TimeWindow
  stepS: number
  by?: string
  signal?: AbortSignal
}

export interface Point {
  at: string
  count: number
  errors: number
  p50Us: number | null
  p95Us: number | null
  p99Us: number | null
  reqBytes: number
  respBytes: number
}

/** The points that have accesses, in columns. */
type Columns = {
  [name in 'at' | 'count' | 'errors' | 'reqBytes' | 'respBytes']: number[]
} & { key: string[]; buckets: Buckets[] }

const maxPoints = 11_000
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400]

/** Seconds per point that give about 120 points. */
export function chooseStep(window: TimeWindow): number {
  const seconds = (window.toUs - window.fromUs) / 1e6
  return steps.find((step) => seconds / step <= 150) ?? 86_400
}

/** Points over the window, one series per value of `by` (the ten most frequent). Throws PAN0203 for too many points. */
export async function series(reader: Reader, request: SeriesRequest): Promise<{ key: string; points: Point[] }[]> {
  const { window, stepS } = request
  const stepUs = stepS * 1e6
  const first = Math.floor(window.fromUs / stepUs)
  const last = Math.ceil(window.toUs / stepUs)
  if (last - first > maxPoints) throw new PanoptesError('PAN0203', `${last - first} points are too many; at most ${maxPoints}: take a larger stepS`)
  const keys = request.by ? await topKeys(reader, request, request.by) : ['']
  const columns = await read(reader, request)
  const places = Map.groupBy(columns.at.keys(), (i) => columns.key[i]!)
  return keys.map((key) => {
    const byStep = new Map((places.get(key) ?? []).map((i) => [Number(columns.at[i]), i]))
    return { key, points: Array.from({ length: last - first }, (_, i) => point((first + i) * stepS, columns, byStep.get(first + i))) }
  })
}

async function topKeys(reader: Reader, { query, window, signal }: SeriesRequest, by: string): Promise<string[]> {
  const ref = resolveField(by)
  if (ref?.kind !== 'text' && ref?.kind !== 'status') throw new PanoptesError('PAN0003', `by: “${by}” is no field of text`, { field: 'by' })
  const [facet] = await facets(reader, { query, window, fields: [by], limit: 10, signal })
  return facet!.values.map(({ value }) => value)
}

async function read(reader: Reader, { query, window, stepS, by, signal }: SeriesRequest): Promise<Columns> {
  const p = new Parameters()
  const ref = by ? resolveField(by)! : undefined
  const names = ref?.columns.map((c) => `toString(${ref.key === undefined ? c.name : `${c.name}[${p.add('String', ref.key)}]`})`)
  const key = !names ? `''` : names.length === 1 ? names[0] : `arrayJoin(arrayDistinct([${names.join(', ')}]))`
  const step = p.add('UInt64', stepS * 1e6)
  const sql = `SELECT ${key} AS key, toInt64(intDiv(toUnixTimestamp64Micro(ts), ${step})) AS at, count() AS count, countIf(${errorSql}) AS errors,
      sum(req_body_bytes) AS reqBytes, sum(resp_body_bytes) AS respBytes, sumMap([${bucketSql('duration_us')}], [toUInt64(1)]) AS buckets
    FROM accesses ${clauses(query, [within(window.fromUs, window.toUs, p)], p)} GROUP BY key, at`
  return reader.columns<Columns>(sql, p.values, ask(signal))
}

function point(atS: number, columns: Columns, i: number | undefined): Point {
  const at = new Date(atS * 1000).toISOString()
  if (i === undefined) return { at, count: 0, errors: 0, p50Us: null, p95Us: null, p99Us: null, reqBytes: 0, respBytes: 0 }
  const [p50Us, p95Us, p99Us] = quantiles(columns.buckets[i], [0.5, 0.95, 0.99])
  return {
    at,
    count: Number(columns.count[i]),
    errors: Number(columns.errors[i]),
    p50Us: p50Us!,
    p95Us: p95Us!,
    p99Us: p99Us!,
    reqBytes: Number(columns.reqBytes[i]),
    respBytes: Number(columns.respBytes[i]),
  }
}
