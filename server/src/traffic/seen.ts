import { type Query, resolveField, type Value } from '@panoptes/contract'
import { endKey, endKeys, idKeys, lookupColumn, lookupOf } from '../platform/record/index.ts'
import { ask, type Reader, rollups } from './reader.ts'
import { Parameters } from './sql.ts'
import type { TimeWindow } from './window.ts'

const quarterUs = 900e6
const hourUs = 4 * quarterUs
/** Shorter windows are searched at once: to look where to look takes as long as the filters of so many hours. */
const shortUs = { ids: 2 * hourUs, ends: 12 * hourUs } as const
/** Names and quarters of an hour that are worth looking up. */
const [mostNames, mostQuarters] = [20, 4_000]

/** A value that a column holds, as text. */
interface Name {
  column: string
  type: string
  value: string
}

/** The names of which every matching row must have one; undefined where there are none that a look-up knows. */
export function namesOf(query: Query): Name[] | undefined {
  switch (query.kind) {
    case 'and': {
      const each = query.items.map(namesOf).filter((names) => names !== undefined && names.length <= mostNames)
      // An id is in one hour mostly, a pod in many.
      return each.find((names) => names && areIds(names)) ?? each[0]
    }
    case 'or': {
      const each = query.items.map(namesOf)
      return each.every((names) => names !== undefined) ? each.flat() : undefined
    }
    case 'compare':
      return query.op === '=' ? named(query.field, [query.value]) : undefined
    case 'in':
      return query.negated ? undefined : named(query.field, query.values)
    default:
      return undefined
  }
}

const areIds = (names: readonly Name[]) => names.every(({ column }) => column === 'request_id')

function named(field: string, values: readonly Value[]): Name[] | undefined {
  const columns = resolveField(field)?.columns ?? []
  if (columns.length === 0 || values.length === 0 || !columns.every(({ name }) => lookupOf(name))) return undefined
  const names = columns.flatMap(({ name, type }) =>
    values.flatMap((each): Name[] => {
      const value = exactly(each, type)
      return value === undefined ? [] : [{ column: name, type, value }]
    }),
  )
  return names.length === columns.length * values.length ? names : undefined
}

/** The text of a value of a column's type that stands for itself alone; undefined for a pattern, a network and what is absent. */
function exactly(value: Value, type: string): string | undefined {
  switch (value.type) {
    case 'text':
      return value.parts.length === 1 && value.parts[0] !== '' && type.includes('String') ? value.parts[0] : undefined
    case 'uuid':
      return type === 'UUID' ? value.uuid : undefined
    case 'ip':
      return value.bits === 128 ? value.address : undefined
    default:
      return undefined
  }
}

/**
 * The quarters of an hour of a window in which matching rows may be, by their starts in microseconds, the oldest first;
 * undefined where looking is not worth it or not possible. A quarter too many is possible, one too few is not.
 */
export async function quartersOf(
  reader: Reader,
  query: Query,
  { fromUs, toUs }: Pick<TimeWindow, 'fromUs' | 'toUs'>,
  signal?: AbortSignal,
): Promise<number[] | undefined> {
  const names = namesOf(query)
  if (!names || names.length > mostNames || toUs - fromUs <= shortUs[areIds(names) ? 'ids' : 'ends']) return undefined
  const seen = await seenIn(reader, names, signal)
  if (!seen) return undefined
  const all = seen.flatMap(({ first, quarters }) => Array.from({ length: quarters }, (_, i) => (first + i) * quarterUs))
  const within = new Set(all.filter((at) => at + quarterUs > fromUs && at < toUs))
  return within.size > mostQuarters ? undefined : [...within].sort((a, b) => a - b)
}

/** So many quarters of an hour, from the `first` since 1970. */
interface Seen {
  first: number
  quarters: number
}

/** A column of a look-up by the expression that it is made of: its name where it is read as a table, the expression itself on rows. */
type Key = (expression: string) => string

/** When a row of a look-up says that its name was seen. */
const idTimes = { first: (key: Key) => `toUInt32(${key(idKeys.day)}) * 96 + ${key(idKeys.quarter)}`, quarters: 1 }
const endTimes = { first: (key: Key) => `toUInt32(${key(endKeys.day)}) * 96 + ${key(endKeys.hour)} * 4`, quarters: 4 }

/** Whether a row of a look-up is about a name; `given` is the placeholder of its value. */
const sameId = (given: string, key: Key) => `(${[idKeys.high, idKeys.low].map((part) => `${key(part)} = ${part.replace('request_id', given)}`).join(' AND ')})`
const sameEnd = (given: string, column: string) => `${lookupColumn(endKey(column))} = ${endKey(given)}`

/** What the look-ups have of some names. */
async function seenIn(reader: Reader, names: readonly Name[], signal?: AbortSignal): Promise<Seen[] | undefined> {
  if (!reader.lookup) return areIds(names) && reader.broad ? idsFromRows(reader, names, signal) : undefined
  const p = new Parameters()
  const parts: string[] = []
  for (const [lookup, some] of Map.groupBy(names, ({ column }) => lookupOf(column)!)) {
    const table = await reader.lookup(lookup)
    if (!table) return undefined
    const { first, quarters } = lookup === 'ids' ? idTimes : endTimes
    const any = some.map(({ column, type, value }) => {
      const given = p.add(type.includes('String') ? 'String' : type, value)
      return lookup === 'ids' ? sameId(given, lookupColumn) : sameEnd(given, column)
    })
    parts.push(`SELECT DISTINCT ${first(lookupColumn)} AS first, ${quarters} AS quarters FROM ${table} WHERE ${any.join(' OR ')}`)
  }
  return reader.query(parts.join(' UNION ALL '), p.values, ask(signal))
}

/** The same of ids by a statement on the rows, which the engine of another server answers from the look-up. */
function idsFromRows(reader: Reader, names: readonly Name[], signal?: AbortSignal): Promise<Seen[]> {
  const p = new Parameters()
  const itself: Key = (expression) => expression
  const any = names.map(({ value }) => sameId(p.add('UUID', value), itself))
  const { high, low, day, quarter } = idKeys
  // The list of keys is the look-up's own, so that the engine recognizes it.
  return reader.query(
    `SELECT ${idTimes.first(itself)} AS first, 1 AS quarters FROM accesses WHERE (${any.join(' OR ')})
      GROUP BY ${high}, ${low}, ${quarter}, ${day}, org, origin`,
    p.values,
    ask(signal, { ...rollups, preferred_optimize_projection_name: 'ids', optimize_use_projection_filtering: 0 }),
  )
}

/** What quarters there are of a window, as spans in the order of an answer, some at a time: a page is mostly full after the first few. */
export function* fewSpans(
  quarters: readonly number[],
  { fromUs, toUs }: Pick<TimeWindow, 'fromUs' | 'toUs'>,
  order: 'newest' | 'oldest',
): Generator<[number, number][]> {
  // A statement holds no more than some hundreds of spans.
  for (let at = 0, some = 16; at < quarters.length; at += some, some = Math.min(some * 4, 256)) {
    const here = order === 'oldest' ? quarters.slice(at, at + some) : quarters.slice(Math.max(0, quarters.length - at - some), quarters.length - at)
    const spans: [number, number][] = []
    for (const quarter of here) {
      const [from, to] = [Math.max(quarter, fromUs), Math.min(quarter + quarterUs, toUs)]
      const last = spans.at(-1)
      // Neighbours are one.
      if (last?.[1] === from) last[1] = to
      else spans.push([from, to])
    }
    yield spans
  }
}
