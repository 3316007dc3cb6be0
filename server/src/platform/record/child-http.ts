import { createWriteStream, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Connection, Kind, Options, SessionPool } from './child-pool.ts'
import { withValues } from './child-values.ts'

/** Parameters of the HTTP interface that are not settings of the statement. */
const notSettings = new Set(['query', 'query_id', 'database', 'session_id', 'wait_end_of_query', 'enable_http_compression', 'send_progress_in_http_headers'])

/** Formats whose rows stand alone, so that they can leave as they are made. */
const rowFormats = /^(JSONEachRow|JSONCompactEachRow|JSONStringsEachRow|TabSeparated|TSV|CSV|Native|RowBinary)/

const endsWithFormat = /\bFORMAT\s+(\w+)\s*;?\s*$/i
const takesBody = /\binput\((?<structure>'(?:[^'\\]|\\.)*')\)\s*FORMAT\s+(?<format>\w+)\s*;?\s*$/i
const returnsRows = /^\s*(?:SELECT|WITH)\b/i
const writes = /^\s*(?:INSERT)\b/i

interface Statement {
  sql: string
  tag: string
  kind: Kind
  options: Options
  /** The whole answer before the first byte, so that an error has a status of its own. */
  whole: boolean
  cleanUp?: () => void
}

let serial = 0

/** Reads a request: the statement in the URL or the body; with the statement in the URL, the body is the data of an INSERT. */
async function read(request: IncomingMessage, staging: string): Promise<Statement> {
  const url = new URL(request.url ?? '/', 'http://record')
  const options: Options = new Map()
  for (const [name, value] of url.searchParams) if (!notSettings.has(name)) options.set(name, value)
  const tag = `${process.pid}-${++serial}`
  const statement: Statement = { sql: '', tag, kind: 'read', options, whole: url.searchParams.get('wait_end_of_query') === '1' }
  let sql = url.searchParams.get('query') ?? ''
  const data = sql ? takesBody.exec(sql) : null
  if (data?.groups) {
    const file = join(staging, `${tag}.data`)
    statement.cleanUp = () => rmSync(file, { force: true })
    await pipeline(request, createWriteStream(file, { mode: 0o600, highWaterMark: 1 << 20 }))
    sql = `${sql.slice(0, data.index)}file('${file}', '${data.groups.format}', ${data.groups.structure})`
  } else {
    sql += (await buffer(request)).toString('utf8')
  }
  statement.sql = `/*${tag}*/ ${withValues(sql, options)}`
  if (writes.test(sql)) statement.kind = 'write'
  if (!returnsRows.test(sql)) statement.whole = true
  const format = endsWithFormat.exec(sql)?.[1]
  if (format && !rowFormats.test(format)) statement.whole = true
  return statement
}

function fail(response: ServerResponse, error: unknown): void {
  const { message = String(error), clickhouseCode = 0 } = error as { message?: string; clickhouseCode?: number }
  // After the first byte the only honest sign of failure is a broken connection.
  if (response.headersSent) return void response.destroy()
  response.writeHead(clickhouseCode === 394 ? 499 : 500, { 'x-clickhouse-exception-code': String(clickhouseCode), 'content-type': 'text/plain; charset=utf-8' })
  response.end(message.startsWith('Code:') ? message : `Code: ${clickhouseCode || 1001}. DB::Exception: ${message} (STD_EXCEPTION)`)
}

/** Resolves when more may be written, or when there is nobody to write to. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

async function sendStream(connection: Connection, sql: string, response: ServerResponse): Promise<void> {
  const stream = connection.stream(sql)
  try {
    for await (const chunk of stream) {
      if (response.destroyed) return
      if (!response.headersSent) response.writeHead(200)
      if (!response.write(chunk.raw())) await drained(response)
    }
    response.end()
  } finally {
    stream.cancel()
  }
}

async function answer(pool: SessionPool, staging: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/ping') {
    await pool.use('control', (c) => c.query('SELECT 1'))
    return void response.end('Ok.\n')
  }
  const statement = await read(request, staging)
  let running = false
  response.on('close', () => {
    if (running && !response.writableFinished) pool.kill(statement.tag).catch(() => {})
  })
  try {
    const work = async (connection: Connection) => {
      if (response.destroyed) return
      running = true
      await connection.prepare(statement.options)
      if (!statement.whole) return sendStream(connection, statement.sql, response)
      const result = await connection.query(statement.sql)
      response.end(result.bytes())
    }
    await pool.use(statement.kind, work, statement.options)
  } finally {
    running = false
    statement.cleanUp?.()
  }
}

/** ClickHouse's HTTP interface, as far as our one driver needs it: statements, parameters, settings, data, streams, errors, cancelling. */
export function serveEngine(pool: SessionPool, staging: string): Server {
  // Values of a statement stand in its address: the names of an environment's namespaces are thousands.
  const server = createServer({ maxHeaderSize: 4 << 20 }, (request, response) => {
    answer(pool, staging, request, response).catch((error: unknown) => fail(response, error))
  })
  // Long statements and idle keep-alive connections are the driver's business.
  server.requestTimeout = 0
  server.keepAliveTimeout = 0
  return server
}
