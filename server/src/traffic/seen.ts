import { type Query, resolveField, type Value } from '@panoptes/contract'
import { endKey, endKeys, hashOfId, idKeys, type Lookup, lookupColumn, lookupOf } from '../platform/record/index.ts'
import { ask, type Reader, rollups } from './reader.ts'
import { Parameters } from './sql.ts'
import type { TimeWindow } from './window.ts'

const quarterUs = 900e6
const dayMs = 86_400_000
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

/**
 * The hours in which some request ids were seen as a statement within the one on the rows, which spares a way to the engine and
 * a plan; undefined for other queries and where the look-up cannot tell. Of a pod, seen in many hours, the newest are asked first.
 */
export async function hoursOfIds(
  reader: Reader,
  query: Query,
  { fromUs, toUs }: Pick<TimeWindow, 'fromUs' | 'toUs'>,
): Promise<((p: Parameters) => string) | undefined> {
  const names = namesOf(query)
  if (!names || !areIds(names) || names.length > mostNames || toUs - fromUs <= shortUs.ids) return undefined
  const table = await reader.lookup?.('ids')
  const [day, quarter] = [idKeys.day, idKeys.quarter].map(lookupColumn)
  const hour = `toDateTime(${day}, 'UTC') + intDiv(${quarter}, 4) * 3600`
  return table ? (p) => `SELECT ${hour} FROM ${table} WHERE ${names.map(({ value }) => sameId(value, lookupColumn, p)).join(' OR ')}` : undefined
}

/** So many quarters of an hour, from the `first` since 1970. */
interface Seen {
  first: number
  quarters: number
}

/** When a row of a look-up says that its name was seen: the day, and the quarter or the hour of it. */
interface SeenRow {
  day: string
  at: number
}

/** How many times of a look-up a day has. */
const timesADay: Record<Lookup, number> = { ids: 96, sources: 24, destinations: 24 }

const seenOf = (lookup: Lookup, rows: readonly SeenRow[]): Seen[] => {
  const quarters = 96 / timesADay[lookup]
  return rows.map(({ day, at }) => ({ first: (Date.parse(day) / dayMs) * 96 + at * quarters, quarters }))
}

/**
 * Whether a row of a look-up is about an id; `key` tells a column by the expression that it is made of: its name where the
 * look-up is read as a table, the expression itself on rows. The engine would take longer to work out the constants than to look.
 */
function sameId(uuid: string, key: (expression: string) => string, p: Parameters): string {
  const hash = hashOfId(uuid)
  return `(${key(idKeys.high)} = ${p.add('UInt16', Number(hash >> 48n))} AND ${key(idKeys.low)} = ${p.add('UInt16', Number((hash >> 32n) & 0xffffn))})`
}

/** What the look-ups have of some names. */
async function seenIn(reader: Reader, names: readonly Name[], signal?: AbortSignal): Promise<Seen[] | undefined> {
  if (!reader.lookup) return areIds(names) && reader.broad ? idsFromRows(reader, names, signal) : undefined
  const each = [...Map.groupBy(names, ({ column }) => lookupOf(column)!)]
  const tables = await Promise.all(each.map(([lookup]) => reader.lookup!(lookup)))
  if (tables.includes(undefined)) return undefined
  const seen = each.map(async ([lookup, some], i) => {
    const p = new Parameters()
    const any = some.map(({ column, type, value }) => {
      if (lookup === 'ids') return sameId(value, lookupColumn, p)
      return `${lookupColumn(endKey(column))} = ${endKey(p.add(type.includes('String') ? 'String' : type, value))}`
    })
    const { day, at } = lookup === 'ids' ? { day: idKeys.day, at: idKeys.quarter } : { day: endKeys.day, at: endKeys.hour }
    const sql = `SELECT DISTINCT ${lookupColumn(day)} AS day, ${lookupColumn(at)} AS at FROM ${tables[i]} WHERE ${any.join(' OR ')}`
    return seenOf(lookup, await reader.query<SeenRow>(sql, p.values, ask(signal)))
  })
  return (await Promise.all(seen)).flat()
}

/** The same of ids by a statement on the rows, which the engine of another server answers from the look-up. */
async function idsFromRows(reader: Reader, names: readonly Name[], signal?: AbortSignal): Promise<Seen[]> {
  const p = new Parameters()
  const any = names.map(({ value }) => sameId(value, (expression) => expression, p))
  const { high, low, day, quarter } = idKeys
  // The list of keys is the look-up's own, so that the engine recognizes it.
  const rows = await reader.query<SeenRow>(
    `SELECT ${day} AS day, ${quarter} AS at FROM accesses WHERE (${any.join(' OR ')})
      GROUP BY ${high}, ${low}, ${quarter}, ${day}, org, origin`,
    p.values,
    ask(signal, { ...rollups, preferred_optimize_projection_name: 'ids', optimize_use_projection_filtering: 0 }),
  )
  return seenOf('ids', rows)
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
