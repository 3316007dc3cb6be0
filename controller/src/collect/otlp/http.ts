import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { maxMessage, type Peer, peerOf, type TlsFiles } from '../grpc/index.ts'
import { otlpFromJson } from './json.ts'

const unzip = promisify(gunzip)
/** Milliseconds that a request waits at most while the spool is slow. */
const patience = 30_000

export interface OtlpHttpOptions {
  host: string
  port: number
  tls?: TlsFiles
  /** Takes a request's bytes; resolves once its rows are held, rejects with a message where they cannot be read. */
  take: (bytes: Buffer, peer: Peer) => Promise<void>
  pressed: () => boolean
}

/** A request that is not to be taken, and the status that says so. */
class HttpRefusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** OTLP logs over HTTP: `POST /v1/logs`, protobuf or JSON, plain or gzip. */
export class OtlpHttpServer {
  private readonly options: OtlpHttpOptions
  private readonly server: Server

  constructor(options: OtlpHttpOptions) {
    this.options = options
    const handler = (req: IncomingMessage, res: ServerResponse): void => {
      this.handle(req, res).catch((error: Error) => answer(res, error instanceof HttpRefusal ? error.status : 400, error.message))
    }
    const { tls } = options
    this.server = tls
      ? createSecureServer(
          {
            cert: readFileSync(tls.cert),
            key: readFileSync(tls.key),
            ...(tls.clientCa ? { ca: readFileSync(tls.clientCa), requestCert: true, rejectUnauthorized: true } : {}),
          },
          handler,
        )
      : createServer(handler)
  }

  /** Starts to listen; answers the port. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(this.options.port, this.options.host, () => resolve((this.server.address() as AddressInfo).port))
    })
  }

  close(): Promise<void> {
    return new Promise((done) => {
      this.server.close(() => done())
      this.server.closeIdleConnections()
      setTimeout(() => this.server.closeAllConnections(), 1500).unref()
    })
  }

  /** Waits while no more may be read: the client's own time-out is its measure, up to ours. */
  private async ready(): Promise<void> {
    for (const end = Date.now() + patience; this.options.pressed(); ) {
      if (Date.now() > end) throw new HttpRefusal(503, 'busy: try again')
      await new Promise((done) => setTimeout(done, 20))
    }
  }

  private async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.url !== '/v1/logs') throw new HttpRefusal(404, 'only /v1/logs is served')
    if (req.method !== 'POST') throw new HttpRefusal(405, 'POST is needed')
    await this.ready()
    const type = (req.headers['content-type'] ?? '').split(';')[0]!.trim()
    if (type !== 'application/x-protobuf' && type !== 'application/json') throw new HttpRefusal(415, 'application/x-protobuf or application/json is needed')
    let bytes = await body(req)
    const encoding = req.headers['content-encoding'] ?? 'identity'
    if (encoding === 'gzip') bytes = await unzip(bytes, { maxOutputLength: maxMessage })
    else if (encoding !== 'identity') throw new HttpRefusal(415, 'gzip is the only encoding taken')
    if (type === 'application/json') bytes = otlpFromJson(bytes.toString('utf8'))
    await this.options.take(bytes, peerOf(req.socket as TLSSocket))
    res.writeHead(200, { 'content-type': type }).end(type === 'application/json' ? '{}' : '')
  }
}

async function body(req: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of req as AsyncIterable<Buffer>) {
    size += part.length
    if (size > maxMessage) throw new HttpRefusal(413, 'larger than 16 MiB')
    parts.push(part)
  }
  return Buffer.concat(parts, size)
}

function answer(res: ServerResponse, status: number, message: string): void {
  if (res.headersSent || res.destroyed) return
  const headers: Record<string, string> = { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }
  if (status === 503) headers['retry-after'] = '1'
  res.writeHead(status, headers).end(`${message}\n`)
}
