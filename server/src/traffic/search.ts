import { type Access, PanoptesError, type Query } from '@panoptes/contract'
import { type Compiled, compileQuery, moment } from './compile.ts'
import { ask, fewRows, type Reader } from './reader.ts'
import { readRow, selectList } from './rows.ts'
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
  const rows: unknown[][] = []
  for (const [fromUs, toUs] of slices(request)) {
    rows.push(...(await page(reader, request, fromUs, toUs, wanted - rows.length)))
    if (rows.length >= wanted) break
  }
  const shown = rows.slice(0, request.limit)
  const last = rows.length > request.limit ? shown.at(-1) : undefined
  return { accesses: shown.map((row) => readRow(row.slice(1), request.fields)), more: last && cursorOf(last, request.window) }
}

function cursorOf([ts, controller, epoch, batch, row]: unknown[], window: TimeWindow): Cursor {
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

const minute = 60_000_000

/**
 * Parts of the window, in the order of the answer. Where no column of the sort key is in the query, the newest rows are
 * looked for in the last minute first, then in ever wider parts: a full page is mostly found in the first.
 */
function* slices({ query, window, order, after }: SearchRequest): Generator<[number, number]> {
  const fromUs = order === 'oldest' && after ? Math.max(window.fromUs, after.ts) : window.fromUs
  const toUs = order === 'newest' && after ? Math.min(window.toUs, after.ts + 1) : window.toUs
  const { narrow, lettered } = compileQuery(query)
  if (order === 'oldest' || narrow) {
    yield [fromUs, toUs]
    return
  }
  // Clocks of proxies may be a little ahead; rows far in the future come with the first part.
  // What an index finds is rare or common: both are answered by a short part and all the rest.
  let [end, width] = [toUs, lettered ? 16 * minute : minute]
  let begin = Math.min(toUs, Date.now() * 1000) - width
  while (end > fromUs) {
    yield [Math.max(begin, fromUs), end]
    end = begin
    width *= lettered ? 10_000 : 8
    begin = end - width
  }
}

async function page(reader: Reader, { query, fields, order, after, signal }: SearchRequest, fromUs: number, toUs: number, limit: number): Promise<unknown[][]> {
  const { where, parameters } = windowed(query, fromUs, toUs)
  const direction = order === 'newest' ? 'DESC' : 'ASC'
  const beyond = after ? ` AND ${afterCursor(after, order, parameters)}` : ''
  const sql = `SELECT toUnixTimestamp64Micro(ts) AS at, ${selectList(fields)} FROM accesses WHERE ${where}${beyond}
    ORDER BY ts ${direction}, controller ${direction}, epoch ${direction}, batch ${direction}, row ${direction} LIMIT ${parameters.add('UInt32', limit)}`
  return (await reader.query<unknown>(sql, parameters.values, ask(signal, fewRows))).map((row) => Object.values(row as object))
}

/** The rows behind a cursor. */
function afterCursor({ ts, controller, epoch, batch, row }: Cursor, order: SearchRequest['order'], p: Parameters): string {
  const at = `(${moment(ts, p)}, ${p.add('String', controller)}, ${p.add('UInt64', epoch)}, ${p.add('UInt64', batch)}, ${p.add('UInt32', row)})`
  return `(ts, controller, epoch, batch, row) ${order === 'newest' ? '<' : '>'} ${at}`
}

/** A query confined to a window, in SQL; `condition` is the query alone. */
export function windowed(query: Query, fromUs: number, toUs: number, parameters = new Parameters()): Compiled & { condition: string } {
  const time = `ts >= ${moment(fromUs, parameters)} AND ts < ${moment(toUs, parameters)}`
  const compiled = compileQuery(query, parameters)
  return { ...compiled, where: `${time} AND ${compiled.where}`, condition: compiled.where }
}
