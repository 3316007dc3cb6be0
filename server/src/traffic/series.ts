import { PanoptesError, type Query, resolveField } from '@panoptes/contract'
import { errorSql } from './definitions.ts'
import { facets } from './facets.ts'
import { type Buckets, bucketSql, quantiles } from './histogram.ts'
import { keptByMinute, partsOf } from './minutes.ts'
import { ask, type Reader, rollups } from './reader.ts'
import { windowed } from './search.ts'
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

interface Row {
  key: string
  at: number
  count: number
  errors: number
  reqBytes: number
  respBytes: number
  buckets: Buckets
}

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
  const rows = await read(reader, request)
  return keys.map((key) => {
    const byStep = new Map(rows.filter((row) => row.key === key).map((row) => [Number(row.at), row]))
    return { key, points: Array.from({ length: last - first }, (_, i) => point((first + i) * stepS, byStep.get(first + i))) }
  })
}

async function topKeys(reader: Reader, { query, window, signal }: SeriesRequest, by: string): Promise<string[]> {
  const ref = resolveField(by)
  if (ref?.kind !== 'text' && ref?.kind !== 'status') throw new PanoptesError('PAN0003', `by: “${by}” is no field of text`, { field: 'by' })
  const [facet] = await facets(reader, { query, window, fields: [by], limit: 10, signal })
  return facet!.values.map(({ value }) => value)
}

async function read(reader: Reader, { query, window, stepS, by, signal }: SeriesRequest): Promise<Row[]> {
  const p = new Parameters()
  const ref = by ? resolveField(by)! : undefined
  const names = ref?.columns.map((c) => `toString(${ref.key === undefined ? c.name : `${c.name}[${p.add('String', ref.key)}]`})`)
  const key = !names ? `''` : names.length === 1 ? names[0] : `arrayJoin(arrayDistinct([${names.join(', ')}]))`
  // Whole minutes serve where a point is whole minutes and all that is asked is kept by them.
  const whole = stepS % 60 === 0 && (!by || keptByMinute({ kind: 'exists', field: by }))
  const parts = whole ? partsOf(query, window, p) : [{ where: windowed(query, window.fromUs, window.toUs, p).where, minutes: false }]
  const step = p.add('UInt64', stepS * 1e6)
  const selects = parts.map(
    ({
      where,
      minutes,
    }) => `SELECT ${key} AS key, toInt64(intDiv(${minutes ? 'toUnixTimestamp(toStartOfMinute(ts)) * 1000000' : 'toUnixTimestamp64Micro(ts)'}, ${step})) AS at,
      count() AS count, countIf(${errorSql}) AS errors, sum(req_body_bytes) AS reqBytes, sum(resp_body_bytes) AS respBytes, sumMap([${bucketSql('duration_us')}], [toUInt64(1)]) AS buckets
    FROM accesses WHERE ${where} GROUP BY key, at`,
  )
  const sums = ['count', 'errors', 'reqBytes', 'respBytes'].map((name) => `sum(parts.${name}) AS ${name}`).join(', ')
  const sql =
    selects.length === 1
      ? selects[0]!
      : `SELECT key, at, ${sums}, sumMap(parts.buckets) AS buckets FROM (${selects.join('\n UNION ALL ')}) AS parts GROUP BY key, at`
  return reader.query<Row>(sql, p.values, ask(signal, parts.some(({ minutes }) => minutes) ? rollups : {}))
}

function point(atS: number, row: Row | undefined): Point {
  const at = new Date(atS * 1000).toISOString()
  if (!row) return { at, count: 0, errors: 0, p50Us: null, p95Us: null, p99Us: null, reqBytes: 0, respBytes: 0 }
  const [p50Us, p95Us, p99Us] = quantiles(row.buckets, [0.5, 0.95, 0.99])
  return {
    at,
    count: Number(row.count),
    errors: Number(row.errors),
    p50Us: p50Us!,
    p95Us: p95Us!,
    p99Us: p99Us!,
    reqBytes: Number(row.reqBytes),
    respBytes: Number(row.respBytes),
  }
}
