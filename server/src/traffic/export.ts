import { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { checkPrefix, columnsByField, formatHeader, formatLine, type LineFormat, type Query } from '@panoptes/contract'
import { ask, type Reader } from './reader.ts'
import { readRow, selectList } from './rows.ts'
import { windowed } from './search.ts'
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

/** An export takes as long as its reader: only memory and threads are bounded. */
const patience = { maxSeconds: 6 * 3_600 }

/**
 * All matching accesses, oldest first, while they are read: nothing is gathered here, a slow reader slows the question.
 * Answers how many are coming. Throws PAN0003 for a prefix of several lines.
 */
export async function exportAccesses(reader: Reader, request: ExportRequest): Promise<Export> {
  const { query, window, format, limit, signal } = request
  checkPrefix(request.prefix)
  const counted = windowed(query, window.fromUs, window.toUs)
  const [row] = await reader.query<{ total: number }>(`SELECT count() AS total FROM accesses WHERE ${counted.where}`, counted.parameters.values, ask(signal))
  const total = Math.min(Number(row?.total ?? 0), limit ?? Number.POSITIVE_INFINITY)
  const [type, extension] = types[format]
  const body =
    format === 'parquet' ? await parquet(reader, request) : Readable.from(lines(reader, request, format), { objectMode: false, highWaterMark: 65_536 })
  return { total, type, extension, body }
}

function statement({ query, window, limit }: ExportRequest, list: string): { sql: string; params: Record<string, unknown> } {
  const { where, parameters } = windowed(query, window.fromUs, window.toUs)
  const most = limit === undefined ? '' : ` LIMIT ${parameters.add('UInt64', limit)}`
  return { sql: `SELECT ${list} FROM accesses WHERE ${where} ORDER BY ts, controller, epoch, batch, row${most}`, params: parameters.values }
}

async function* lines(reader: Reader, request: ExportRequest, format: LineFormat): AsyncGenerator<string> {
  const { fields, prefix, signal } = request
  const options = { format, prefix, fields }
  const header = formatHeader(options)
  if (header !== undefined) yield `${header}\n`
  const { sql, params } = statement(request, selectList(fields))
  const stream = await reader.stream(sql, 'JSONCompactEachRow', params, { ...ask(signal), ...patience })
  let chunk = ''
  try {
    for await (const line of linesOf(stream)) {
      chunk += `${formatLine(readRow(JSON.parse(line) as unknown[], fields), options)}\n`
      if (chunk.length < 32_768) continue
      yield chunk
      chunk = ''
    }
    if (chunk) yield chunk
  } finally {
    stream.destroy()
  }
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
  const { sql, params } = statement(request, list.join(', '))
  // The condition means the columns, not what they are shown as.
  return reader.stream(sql, 'Parquet', params, { ...ask(request.signal, { prefer_column_name_to_alias: 1 }), ...patience })
}
