import type { Query } from '@panoptes/contract'
import { requestColumns, requestKeys, requestProjection } from '../platform/record/index.ts'
import { ask, type Reader, rollups } from './reader.ts'
import { Parameters } from './sql.ts'
import type { TimeWindow } from './window.ts'

const quarterUs = 900e6
const dayUs = 86_400e6
/** Shorter windows are searched at once. */
const shortUs = 2 * 3_600e6
const mostIds = 20
const mostQuarters = 40

/** The request ids of which every matching row must have one; undefined where it need not. */
export function requestIdsOf(query: Query): string[] | undefined {
  switch (query.kind) {
    case 'and': {
      for (const item of query.items) {
        const found = requestIdsOf(item)
        if (found) return found
      }
      return undefined
    }
    case 'or': {
      const each = query.items.map(requestIdsOf)
      return each.every((ids) => ids !== undefined) ? each.flat() : undefined
    }
    case 'compare':
      return query.field === 'request.id' && query.op === '=' && query.value.type === 'uuid' ? [query.value.uuid] : undefined
    case 'in': {
      const ids = query.values.flatMap((value) => (value.type === 'uuid' ? [value.uuid] : []))
      return query.field === 'request.id' && !query.negated && ids.length === query.values.length ? ids : undefined
    }
    default:
      return undefined
  }
}

/**
 * The quarters of an hour of a window in which requests with these ids may have been seen, oldest first, neighbours as one;
 * undefined where looking is not worth it. A quarter too many is possible, one too few is not.
 */
export async function quartersOf(
  reader: Reader,
  ids: readonly string[],
  { fromUs, toUs }: Pick<TimeWindow, 'fromUs' | 'toUs'>,
  signal?: AbortSignal,
): Promise<[number, number][] | undefined> {
  if (!reader.broad || ids.length === 0 || ids.length > mostIds || toUs - fromUs <= shortUs) return undefined
  const rows = await entriesOf(reader, ids, signal)
  const starts = [...new Set(rows.map((row) => row.day * dayUs + row.quarter * quarterUs))].sort((a, b) => a - b)
  if (starts.length > mostQuarters) return undefined
  const ranges: [number, number][] = []
  for (const start of starts) {
    const [from, to] = [Math.max(start, fromUs), Math.min(start + quarterUs, toUs)]
    const last = ranges.at(-1)
    if (from >= to) continue
    if (last?.[1] === from) last[1] = to
    else ranges.push([from, to])
  }
  return ranges
}

/** What the look-up has of some ids: days since 1970 and quarters of an hour in them. */
async function entriesOf(reader: Reader, ids: readonly string[], signal?: AbortSignal): Promise<{ day: number; quarter: number }[]> {
  const p = new Parameters()
  const table = await reader.requests?.()
  const columns = table ? requestColumns : requestKeys
  const same = ids.map((id) => {
    const given = p.add('UUID', id)
    return `(${(['high', 'low'] as const).map((key) => `${columns[key]} = ${requestKeys[key].replace('request_id', given)}`).join(' AND ')})`
  })
  const { high, low, quarter, day } = columns
  const select = `SELECT toUInt32(${day}) AS day, ${quarter} AS quarter`
  const any = `(${same.join(' OR ')})`
  if (table) return reader.query(`${select} FROM ${table.from} WHERE ${table.where} AND ${any}`, p.values, ask(signal))
  // The list of keys is the roll-up's own, so that the engine answers from it.
  return reader.query(
    `${select} FROM accesses WHERE ${any} GROUP BY ${high}, ${low}, quarter, ${day}, org, origin`,
    p.values,
    ask(signal, { ...rollups, preferred_optimize_projection_name: requestProjection.name, optimize_use_projection_filtering: 0 }),
  )
}
