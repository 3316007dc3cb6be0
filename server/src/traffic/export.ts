import { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { checkPrefix, columnsByField, formatHeader, formatLine, type LineFormat, type Query } from '@panoptes/contract'
import { windowed } from './compile.ts'
import { ask, type Reader } from './reader.ts'
import { readRow, selectList } from './rows.ts'
import type { TimeWindow } from './window.ts'

export interface ExportRequest {
  query: Query
  window: TimeWindow
  format: LineFormat | 'parquet'
  prefix: string
  fields: readonly string[]
  limit?: number
  signal?: AbortSignal
}

export interface Export {
  total: number
  type: string
  extension: string
  body: Readable
}

const types = {
  ndjson: ['application/x-ndjson; charset=utf-8', 'ndjson'],
  csv: ['text/csv; charset=utf-8', 'csv'],
  text: ['text/plain; charset=utf-8', 'log'],
  parquet: ['application/vnd.apache.parquet', 'parquet'],
} as const

/** Exports at once: each holds a connection to the record for as long as its reader takes. */
const atOnce = 2
let running = 0
const queue: (() => void)[] = []

async function place(): Promise<() => void> {
  if (running >= atOnce) await new Promise<void>((resolve) => queue.push(resolve))
  else running++
  let left = false
  return () => {
    if (left) return
    left = true
    const next = queue.shift()
    if (next) next()
    else running--
  }
}

/** An export takes as long as its reader: only memory and threads are bounded, and a large sort goes to the disk. */
const patience = { maxSeconds: 6 * 3_600 }
const spill = { max_bytes_before_external_sort: 400_000_000 }
const hourUs = 3_600e6

/**
 * All matching accesses, oldest first, while they are read: nothing is gathered here, a slow reader slows the question.
 * Answers how many are coming. Throws PAN0003 for a prefix of several lines.
 */
export async function exportAccesses(reader: Reader, request: ExportRequest): Promise<Export> {
  const { query, window, format, limit, signal } = request
  checkPrefix(request.prefix)
  const { where, parameters } = windowed(query, window.fromUs, window.toUs)
  const hours = await reader.query<{ hour: number; count: number }>(
    `SELECT toUnixTimestamp(toStartOfHour(ts)) AS hour, count() AS count FROM accesses WHERE ${where} GROUP BY hour ORDER BY hour`,
    parameters.values,
    ask(signal),
  )
  const found = hours.reduce((sum, hour) => sum + Number(hour.count), 0)
  const [type, extension] = types[format]
  const leave = await place()
  try {
    signal?.throwIfAborted()
    const begins = hours.map((hour) => Number(hour.hour) * 1e6)
    const body =
      format === 'parquet'
        ? await parquet(reader, request)
        : Readable.from(lines(reader, request, format, begins), { objectMode: false, highWaterMark: 65_536 })
    body.once('close', leave)
    signal?.addEventListener('abort', leave, { once: true })
    return { total: Math.min(found, limit ?? Number.POSITIVE_INFINITY), type, extension, body }
  } catch (error) {
    leave()
    throw error
  }
}

function statement(query: Query, fromUs: number, toUs: number, limit: number | undefined, list: string): { sql: string; params: Record<string, unknown> } {
  const { where, parameters } = windowed(query, fromUs, toUs)
  const most = limit === undefined ? '' : ` LIMIT ${parameters.add('UInt64', limit)}`
  return { sql: `SELECT ${list} FROM accesses WHERE ${where} ORDER BY ts, controller, epoch, batch, row${most}`, params: parameters.values }
}

/** Hour by hour, so that what must be sorted at once stays small. */
async function* lines(
  reader: Reader,
  { query, window, fields, prefix, limit, signal }: ExportRequest,
  format: LineFormat,
  hours: number[],
): AsyncGenerator<string> {
  const options = { format, prefix, fields }
  const header = formatHeader(options)
  let chunk = header === undefined ? '' : `${header}\n`
  let left = limit ?? Number.POSITIVE_INFINITY
  for (const hour of hours) {
    if (left <= 0) break
    const [fromUs, toUs] = [Math.max(hour, window.fromUs), Math.min(hour + hourUs, window.toUs)]
    const { sql, params } = statement(query, fromUs, toUs, Number.isFinite(left) ? left : undefined, selectList(fields))
    const stream = await reader.stream(sql, 'JSONCompactEachRow', params, { ...ask(signal, spill), ...patience })
    try {
      for await (const line of linesOf(stream)) {
        chunk += `${formatLine(readRow(JSON.parse(line) as unknown[], fields), options)}\n`
        left--
        if (chunk.length < 32_768) continue
        yield chunk
        chunk = ''
      }
    } finally {
      stream.destroy()
    }
  }
  if (chunk) yield chunk
}

/** Lines end at \n and nowhere else: U+2028 may stand in a text. */
async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const bytes of stream) {
    const parts = (rest + decoder.write(bytes as Buffer)).split('\n')
    rest = parts.pop()!
    yield* parts
  }
  if (rest) yield rest
}

/** Columns keep their types, but for ids and addresses, which other tools read best as text. */
function parquet(reader: Reader, request: ExportRequest): Promise<Readable> {
  const list = ['controller', 'epoch', 'batch', 'row', ...request.fields.map((field) => columnsByField.get(field)!.name)]
    .filter((name, i, all) => all.indexOf(name) === i)
    .map((name) => {
      const column = [...columnsByField.values()].find((c) => c.name === name)!
      if (column.type === 'UUID' || column.type === 'IPv6') return `toString(${name}) AS ${name}`
      return column.type === 'LowCardinality(String)' ? `CAST(${name}, 'String') AS ${name}` : name
    })
  const { query, window, limit } = request
  const { sql, params } = statement(query, window.fromUs, window.toUs, limit, list.join(', '))
  // The condition means the columns, not what they are shown as.
  return reader.stream(sql, 'Parquet', params, { ...ask(request.signal, { ...spill, prefer_column_name_to_alias: 1 }), ...patience })
}
