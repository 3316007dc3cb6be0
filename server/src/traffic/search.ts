import { type Access, PanoptesError, type Query } from '@panoptes/contract'
import { clauses, moment, within } from './compile.ts'
import { ask, fewRows, type Reader } from './reader.ts'
import { identity, isoTime, readRow, selectList } from './rows.ts'
import { fewSpans, hoursOfIds, quartersOf } from './seen.ts'
import { slices } from './slices.ts'
import { Parameters } from './sql.ts'
import type { TimeWindow } from './window.ts'

export interface SearchRequest {
  query: Query
  window: TimeWindow
  fields: readonly string[]
  limit: number
  order: 'newest' | 'oldest'
  after?: Cursor
  signal?: AbortSignal
}

/** The place of a row in the order of a search, and the window that its first page resolved. */
export interface Cursor {
  ts: number
  controller: string
  epoch: number
  batch: number
  row: number
  fromMs: number
  toMs: number
}

/** A cursor as text for the address of the next page. */
export function writeCursor({ ts, controller, epoch, batch, row, fromMs, toMs }: Cursor): string {
  return Buffer.from(JSON.stringify([ts, controller, epoch, batch, row, fromMs, toMs])).toString('base64url')
}

/** Reads a cursor. Throws PAN0003 for anything that writeCursor did not make. */
export function readCursor(text: string): Cursor {
  try {
    const [ts, controller, epoch, batch, row, fromMs, toMs] = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[]
    const numbers = [ts, epoch, batch, row, fromMs, toMs]
    if (typeof controller === 'string' && numbers.every((n) => Number.isSafeInteger(n) && (n as number) >= 0 && (n as number) < 9e15)) {
      return { ts, controller, epoch, batch, row, fromMs, toMs } as Cursor
    }
  } catch {
    // Falls through to the one message.
  }
  throw new PanoptesError('PAN0003', 'cursor: must be `next` of the answer before', { field: 'cursor' })
}

/** One page. `more` is the cursor of its last row where there may be another page. */
export async function search(reader: Reader, request: SearchRequest): Promise<{ accesses: Access[]; more: Cursor | undefined }> {
  const wanted = request.limit + 1
  const rows: Found[] = []
  const window = { fromUs: request.window.fromUs, toUs: request.window.toUs }
  const { order, after } = request
  if (after && order === 'oldest') window.fromUs = Math.max(window.fromUs, after.ts)
  if (after && order === 'newest') window.toUs = Math.min(window.toUs, after.ts + 1)
  const hours = await hoursOfIds(reader, request.query, window)
  const few = hours && (await ofIds(reader, request, [window.fromUs, window.toUs], wanted, hours))
  const quarters = few ? undefined : await quartersOf(reader, request.query, window, request.signal)
  if (few) {
    rows.push(...few)
  } else if (quarters) {
    for (const spans of fewSpans(quarters, window, order)) {
      if (rows.length >= wanted) break
      rows.push(...(await page(reader, request, spans, wanted - rows.length, hoursOf(spans))))
    }
  } else {
    const parts = slices(window, request.query, order, wanted)
    for (let part = parts.next(0); !part.done && rows.length < wanted; part = parts.next(rows.length)) {
      rows.push(...(await page(reader, request, [part.value], wanted - rows.length)))
    }
  }
  const shown = rows.slice(0, request.limit)
  const last = rows.length > request.limit ? shown.at(-1) : undefined
  return { accesses: shown.map((row) => readRow(row.slice(1), request.fields)), more: last && cursorOf(last, request.window) }
}

/**
 * Rows of a few ids. Nearly always there are few and all are in the window, over which the engine takes longer than over what it
 * would cut away: it is asked for where a page is full and some rows of it are outside. Undefined for an id that is everywhere, of
 * which the hours are better asked one after the other.
 */
async function ofIds(
  reader: Reader,
  request: SearchRequest,
  span: [number, number],
  limit: number,
  hours: (p: Parameters) => string,
): Promise<Found[] | undefined> {
  try {
    const found = await page(reader, request, [], limit, hours, fewIds)
    const inside = found.filter(([ts]) => ts >= span[0] && ts < span[1])
    return inside.length === found.length || found.length < limit ? inside : await page(reader, request, [span], limit, hours, fewIds)
  } catch (error) {
    if (error instanceof PanoptesError && error.code === 'PAN0203') return undefined
    throw error
  }
}

/** So many rows are read at once of an id at most: two hundred granules; an id that is one request's is in a few. */
const fewIds = { ...fewRows, max_rows_to_read: 2_000_000 }

function cursorOf([ts, controller, epoch, batch, row]: Found, window: TimeWindow): Cursor {
  return {
    ts: Number(ts),
    controller: String(controller),
    epoch: Number(epoch),
    batch: Number(batch),
    row: Number(row),
    fromMs: window.fromUs / 1000,
    toMs: window.toUs / 1000,
  }
}

/**
 * Rows of some spans (none: of any time), half-open in microseconds, in the order of the answer: the moment, then what a selectList holds.
 * `hours`: the only hours in which they may be, as a list or a statement of SQL.
 *
 * They are sorted by time alone at first: the columns that order rows of the same microsecond would be read for every row that
 * is looked at. Where the page ends between two such rows, it is asked again with the whole order.
 */
async function page(
  reader: Reader,
  request: SearchRequest,
  spans: readonly [number, number][],
  limit: number,
  hours?: (p: Parameters) => string,
  settings: Record<string, number> = fewRows,
): Promise<Found[]> {
  const { query, fields, order, after, signal } = request
  const parameters = new Parameters()
  const others = spans.length > 0 ? [`(${spans.map(([from, to]) => within(from, to, parameters)).join(' OR ')})`] : []
  // The engine does not see hours of its sort key in spans that are joined by OR: it would read the filters of whole days.
  if (hours) others.unshift(`toStartOfHour(ts) IN (${hours(parameters)})`)
  if (after) others.push(afterCursor(after, order, parameters))
  const sql = `SELECT toUnixTimestamp64Micro(ts) AS at, ${selectList(fields)} FROM accesses ${clauses(query, others, parameters)}`
  const rows = async (by: readonly string[], most: number): Promise<Found[]> => {
    const sorted = by.map((name) => `${name} ${order === 'newest' ? 'DESC' : 'ASC'}`).join(', ')
    const found = await reader.query<object>(`${sql} ORDER BY ${sorted} LIMIT ${parameters.add('UInt32', most)}`, parameters.values, ask(signal, settings))
    return found.map((row) => Object.values(row) as Found)
  }
  const found = await rows(['ts'], limit + 1)
  if (found.length > limit && found[limit]![0] === found[limit - 1]![0]) return rows(['ts', ...identity], limit)
  return found.sort(order === 'newest' ? (a, b) => compare(b, a) : compare).slice(0, limit)
}

/** A row as it is found: its moment in microseconds, the identity, then the fields. */
type Found = [at: number, ...unknown[]]

/** The order of rows: by time, then by identity. */
function compare(a: Found, b: Found): number {
  for (let i = 0; i <= identity.length; i++) {
    const [x, y] = [a[i] as string | number, b[i] as string | number]
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}

/** The rows behind a cursor. */
function afterCursor({ ts, controller, epoch, batch, row }: Cursor, order: SearchRequest['order'], p: Parameters): string {
  const at = `(${moment(ts, p)}, ${p.add('String', controller)}, ${p.add('UInt64', epoch)}, ${p.add('UInt64', batch)}, ${p.add('UInt32', row)})`
  return `(ts, ${identity.join(', ')}) ${order === 'newest' ? '<' : '>'} ${at}`
}

const hourUs = 3_600e6

/** The starts of the hours that the spans touch, as a list. */
function hoursOf(spans: readonly [number, number][]): (p: Parameters) => string {
  const hours = new Set<number>()
  for (const [fromUs, toUs] of spans) for (let at = Math.floor(fromUs / hourUs) * hourUs; at < toUs; at += hourUs) hours.add(at)
  return (p) => [...hours].map((us) => p.add('String', isoTime(us).slice(0, 19).replace('T', ' '))).join(', ')
}
