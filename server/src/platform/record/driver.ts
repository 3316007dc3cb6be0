import { type IncomingMessage, request } from 'node:http'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createClient, parseError } from '@clickhouse/client'
import { toSearchParams } from '@clickhouse/client-common'
import type { Params } from './ask.ts'
import type { Engine } from './engine.ts'

/** A statement as it goes to an engine. */
export interface Sent {
  sql: string
  params?: Params | undefined
  settings: { [name: string]: string | number }
  signal?: AbortSignal | undefined
  /** Data of an INSERT; to the embedded engine they go as a file. */
  data?: Readable | undefined
}

/** The way to an engine: ClickHouse's HTTP interface. */
export interface Driver {
  /** The answer as it comes. Throws ClickHouseError for what the engine refuses, other errors where it is away. */
  send(statement: Sent): Promise<Readable>
  close(): Promise<void>
}

/** To a ClickHouse by URL, which must begin to answer within `timeoutMs`. */
export function urlDriver(url: string, database?: string, timeoutMs = 3_600_000): Driver {
  const client = createClient({
    url,
    ...(database ? { database } : {}),
    request_timeout: timeoutMs,
    max_open_connections: 64,
    application: 'panoptes',
    compression: { request: false, response: true },
    log: { level: 127 },
  })
  return {
    send: async ({ sql, params, settings, signal, data }) =>
      (await client.exec({ query: sql, query_params: params, clickhouse_settings: settings, abort_signal: signal, values: data })).stream as Readable,
    close: () => client.close(),
  }
}

/**
 * To the embedded engine, over its socket. Not through the client: for the sake of sockets that a server far away may have
 * closed, it waits for a turn of the timers before each request, which is a millisecond (docs/benchmarks.md).
 */
export function engineDriver({ socket, agent }: Pick<Engine, 'socket' | 'agent'>): Driver {
  return {
    send: ({ sql, params, settings, signal }) =>
      new Promise((done, fail) => {
        const search = toSearchParams({ database: undefined, query_params: params, clickhouse_settings: settings, query_id: '' })
        const sent = request({ socketPath: socket, agent, method: 'POST', path: `/?${search}`, signal })
        sent.on('error', fail)
        sent.once('response', (answer: IncomingMessage) => {
          if (answer.statusCode === 200) return done(answer)
          text(answer).then((message) => fail(parseError(message)), fail)
        })
        sent.end(sql)
      }),
    close: async () => {},
  }
}
