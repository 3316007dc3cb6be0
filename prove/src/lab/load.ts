import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect as connectTcp } from 'node:net'
import type { Random } from '../random.ts'
import type { Address } from './envoy-config.ts'
import { sleep } from './wait.ts'

/** What the generator wrote down about one request: one end's own witness. */
export interface Sent {
  id: string
  kind: Kind
  method: string
  /** With the query, as sent. */
  path: string
  host: string
  agent: string
  custom: string
  traceparent: string
  /** Bytes of the body (TCP: of the connection) sent and received. */
  reqBytes: number
  respBytes: number
  /** 0 = no answer came. */
  status: number
  grpcStatus: number
  /** Own port of the connection; 0 where it is not known. */
  localPort: number
  /** ms since 1970. */
  at: number
  outcome: 'answered' | 'cancelled' | 'failed'
  /** Why it failed. */
  error: string
}

/** What a request is meant to meet, and how often each is sent. */
export const mix = {
  get: 52,
  post: 12,
  utf8: 4,
  admin: 4,
  shadow: 3,
  limited: 4,
  'dead-server': 3,
  'dead-client': 2,
  retry: 4,
  timeout: 0.7,
  cancel: 0.7,
  'big-header': 1,
  grpc: 6,
  tcp: 3.6,
}
export type Kind = keyof typeof mix

const words = ['grüße', '数据', 'путь', 'naïve', 'ürün', '🚀', 'ελ']

export interface LoadOptions {
  random: Random
  http: Address
  tcp: Address
  count: number
  /** Requests per second, sent whether or not the ones before have been answered. */
  rate: number
  mix?: Record<string, number>
}

/** Sends `count` requests, open loop, and answers the generator's log of them once all have ended. */
export async function runLoad(options: LoadOptions): Promise<Sent[]> {
  const { random, count, rate } = options
  const sender = createSender(options.http, options.tcp)
  const log: Sent[] = []
  const running: Promise<void>[] = []
  const began = performance.now()
  while (log.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - began) / 1000) * rate) + 1)
    while (log.length < due) {
      const kind = random.weighted<string>(options.mix ?? mix) as Kind
      const sent = plan(random, kind)
      log.push(sent.sent)
      running.push(sender.send(sent))
    }
    await sleep(1)
  }
  await Promise.all(running)
  sender.close()
  return log
}

interface Plan {
  sent: Sent
  headers: Record<string, string>
  cancelMs: number
}

function plan(random: Random, kind: Kind): Plan {
  const id = random.uuid()
  const post = kind === 'post' || kind === 'grpc' || (kind === 'retry' && random.next() < 0.3)
  const bytes = random.int(4) === 0 ? random.int(50_000) : random.int(500)
  const word = random.pick(words)
  const path =
    kind === 'grpc'
      ? `/bank.Ledger/Transfer`
      : kind === 'utf8'
        ? `/utf8/${encodeURIComponent(word)}/${id}?q=${encodeURIComponent(word)}`
        : `/${kind}/${id}${random.int(3) === 0 ? `?page=${random.int(10)}&token=s3cret` : ''}`
  const want = {
    bytes: kind === 'tcp' ? bytes : random.int(2000),
    fail: kind === 'retry' ? random.pick([1, 1, 2, 9]) : 0,
    wait: kind === 'timeout' || kind === 'cancel' ? 500 : 0,
    grpc: kind === 'grpc' ? random.pick([0, 0, 0, 5, 14]) : 0,
  }
  const sent: Sent = {
    id,
    kind,
    method: kind === 'tcp' ? '' : post ? 'POST' : 'GET',
    path: kind === 'tcp' ? '' : path,
    host: kind === 'grpc' ? 'ledger.bank.svc.cluster.local:7070' : kind === 'tcp' ? '' : 'shop.bank.svc.cluster.local:8080',
    agent: `panoptes-prove/${random.int(5)}`,
    custom: kind === 'big-header' ? '' : `c-${random.int(100)}`,
    traceparent: `00-${random.uuid().replaceAll('-', '')}-${random.uuid().replaceAll('-', '').slice(0, 16)}-01`,
    reqBytes: kind === 'tcp' ? bytes : post ? bytes : 0,
    respBytes: 0,
    status: 0,
    grpcStatus: -1,
    localPort: 0,
    at: 0,
    outcome: 'failed',
    error: '',
  }
  const headers: Record<string, string> = {
    host: sent.host,
    'user-agent': sent.agent,
    'x-request-id': id,
    traceparent: sent.traceparent,
    'x-want': Object.entries(want)
      .map(([key, value]) => `${key}=${value}`)
      .join(';'),
  }
  if (sent.custom) headers['x-custom'] = sent.custom
  if (kind === 'big-header') headers['x-big'] = 'B'.repeat(65_536)
  return { sent, headers, cancelMs: kind === 'cancel' ? 60 : 0 }
}

function createSender(http: Address, tcp: Address) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  let session: ClientHttp2Session | undefined

  function sendHttp({ sent, headers, cancelMs }: Plan): Promise<void> {
    return new Promise((resolve) => {
      sent.at = Date.now()
      const body = sent.method === 'POST' ? Buffer.alloc(sent.reqBytes, 120) : undefined
      const request = httpRequest(
        {
          host: http.host,
          port: http.port,
          method: sent.method,
          path: sent.path,
          agent,
          headers: { ...headers, ...(body ? { 'content-length': body.length, 'content-type': 'application/octet-stream' } : {}) },
        },
        (response: IncomingMessage) => {
          sent.status = response.statusCode ?? 0
          response.on('data', (chunk: Buffer) => {
            sent.respBytes += chunk.length
          })
          response.on('error', () => resolve())
          response.on('end', () => {
            sent.outcome = 'answered'
            resolve()
          })
        },
      )
      request.on('socket', (socket) => {
        const note = (): void => {
          sent.localPort = socket.localPort ?? 0
        }
        if (socket.connecting) socket.once('connect', note)
        else note()
      })
      request.on('error', (error) => {
        sent.error = error.message
        if (cancelMs) sent.outcome = 'cancelled'
        resolve()
      })
      // Only a request that is on its way can be cancelled: the clock starts once it has been written.
      if (cancelMs) request.on('finish', () => setTimeout(() => request.destroy(), cancelMs))
      request.end(body)
    })
  }

  function sendGrpc({ sent, headers }: Plan): Promise<void> {
    return new Promise((resolve) => {
      if (!session || session.closed || session.destroyed) {
        session = connectHttp2(`http://${http.host}:${http.port}`)
        session.on('error', () => {})
      }
      sent.at = Date.now()
      const frame = Buffer.alloc(sent.reqBytes + 5)
      frame.writeUInt32BE(sent.reqBytes, 1)
      sent.reqBytes = frame.length
      const { host, ...rest } = headers
      const stream = session.request({
        ...rest,
        ':method': 'POST',
        ':path': sent.path,
        ':authority': host!,
        te: 'trailers',
        'content-type': 'application/grpc',
      })
      stream.on('response', (h) => {
        sent.localPort = stream.session?.socket.localPort ?? 0
        sent.status = Number(h[':status'])
        if (h['grpc-status'] !== undefined) sent.grpcStatus = Number(h['grpc-status'])
      })
      stream.on('trailers', (h) => {
        sent.grpcStatus = Number(h['grpc-status'] ?? -1)
      })
      stream.on('data', (chunk: Buffer) => {
        sent.respBytes += chunk.length
      })
      stream.on('error', (error) => {
        sent.error = error.message
        resolve()
      })
      stream.on('end', () => {
        sent.outcome = 'answered'
      })
      stream.on('close', () => resolve())
      stream.end(frame)
    })
  }

  function sendTcp({ sent, headers }: Plan): Promise<void> {
    return new Promise((resolve) => {
      sent.at = Date.now()
      const want = /bytes=(\d+)/.exec(headers['x-want']!)![1]!
      const line = Buffer.from(`${sent.id} ${want}\n`)
      const body = Buffer.concat([line, Buffer.alloc(sent.reqBytes, 121)])
      sent.reqBytes = body.length
      const socket = connectTcp({ host: tcp.host, port: tcp.port, allowHalfOpen: true })
      socket.on('connect', () => {
        sent.localPort = socket.localPort ?? 0
        socket.end(body)
      })
      socket.on('data', (chunk) => {
        sent.respBytes += chunk.length
      })
      socket.on('error', (error) => {
        sent.error = error.message
        resolve()
      })
      socket.on('end', () => {
        sent.outcome = 'answered'
      })
      socket.on('close', () => resolve())
    })
  }

  return {
    send: (p: Plan): Promise<void> => (p.sent.kind === 'tcp' ? sendTcp(p) : p.sent.kind === 'grpc' ? sendGrpc(p) : sendHttp(p)),
    close() {
      agent.destroy()
      session?.close()
    },
  }
}
