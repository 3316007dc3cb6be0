import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttp2, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { createServer as createTcp, type Server, type Socket } from 'node:net'
import type { Run } from '../proof.ts'
import { sleep } from './wait.ts'

/** What an application saw of one request: the server side's own witness. */
export interface Seen {
  id: string
  attempt: number
  method: string
  path: string
  host: string
  reqBytes: number
  /** What was sent back, if the request lived so long. */
  status: number
  respBytes: number
  /** Near port of the proxy's connection to the application. */
  remotePort: number
}

async function listen(run: Run, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  run.defer(() => {
    server.close()
    if ('closeAllConnections' in server) (server as unknown as { closeAllConnections(): void }).closeAllConnections()
  })
  return (server.address() as { port: number }).port
}

/** A request asks for its answer by the header x-want: `bytes=100;fail=2;wait=50;grpc=5`. */
function wanted(header: string | string[] | undefined): { bytes: number; fail: number; wait: number; grpc: number } {
  const parts = Object.fromEntries(
    String(header ?? '')
      .split(';')
      .map((part) => part.split('=')),
  )
  return { bytes: Number(parts.bytes ?? 0), fail: Number(parts.fail ?? 0), wait: Number(parts.wait ?? 0), grpc: Number(parts.grpc ?? 0) }
}

async function bodyOf(request: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0
  try {
    for await (const chunk of request) bytes += chunk.length
  } catch {
    // The client went away: what came is what counts.
  }
  return bytes
}

/** The applications behind the server-side proxy: HTTP/1.1, gRPC and TCP; each logs what it saw. */
export async function startUpstreams(run: Run) {
  const http: Seen[] = []
  const tcp: Seen[] = []

  const seenOf = (request: IncomingMessage | Http2ServerRequest, reqBytes: number): Seen => ({
    id: String(request.headers['x-request-id']),
    attempt: Number(request.headers['x-envoy-attempt-count'] ?? 1),
    method: request.method!,
    path: request.url!,
    host: String(request.headers[':authority'] ?? request.headers.host),
    reqBytes,
    status: 0,
    respBytes: 0,
    remotePort: request.socket.remotePort ?? 0,
  })

  const web = createHttp({ maxHeaderSize: 262_144, keepAliveTimeout: 120_000 }, async (request: IncomingMessage, response: ServerResponse) => {
    const seen = seenOf(request, 0)
    http.push(seen)
    seen.reqBytes = await bodyOf(request)
    const want = wanted(request.headers['x-want'])
    if (want.wait) await sleep(want.wait)
    seen.status = seen.attempt <= want.fail ? 503 : 200
    seen.respBytes = want.bytes
    response.writeHead(seen.status, { 'content-type': 'text/plain', 'x-up': `up-${seen.attempt}`, 'content-length': want.bytes })
    response.end(Buffer.alloc(want.bytes, 97))
  })

  const ledger = createHttp2(async (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const seen = seenOf(request, 0)
    http.push(seen)
    seen.reqBytes = await bodyOf(request)
    const want = wanted(request.headers['x-want'])
    const frame = Buffer.alloc(want.bytes + 5)
    frame.writeUInt32BE(want.bytes, 1)
    seen.status = 200
    seen.respBytes = frame.length
    response.stream.on('error', () => {})
    response.writeHead(200, { 'content-type': 'application/grpc', 'x-up': 'up-1' })
    response.addTrailers({ 'grpc-status': String(want.grpc) })
    response.end(frame)
  })
  ledger.on('sessionError', () => {})

  const vault = createTcp({ allowHalfOpen: true }, (socket: Socket) => {
    const seen: Seen = { id: '', attempt: 1, method: '', path: '', host: '', reqBytes: 0, status: 0, respBytes: 0, remotePort: socket.remotePort ?? 0 }
    tcp.push(seen)
    let head = ''
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      seen.reqBytes += chunk.length
      if (!seen.id) head += chunk.toString('latin1')
      const line = /^([^ ]+) (\d+)\n/.exec(head)
      if (!line || seen.id) return
      seen.id = line[1]!
      seen.respBytes = Number(line[2])
    })
    socket.on('end', () => socket.end(Buffer.alloc(seen.respBytes, 98)))
  })

  return {
    http,
    tcp,
    webPort: await listen(run, web),
    ledgerPort: await listen(run, ledger as unknown as Server),
    vaultPort: await listen(run, vault),
  }
}
export type Upstreams = Awaited<ReturnType<typeof startUpstreams>>
