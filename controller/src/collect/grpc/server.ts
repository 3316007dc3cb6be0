import { readFileSync } from 'node:fs'
import { constants, createSecureServer, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Frames } from './frames.ts'
import { Turns } from './turns.ts'

export interface TlsFiles {
  cert: string
  key: string
  /** Authority of the clients' certificates: they must show one. */
  clientCa?: string
}

/** How a stream came in. */
export interface Peer {
  auth: 'mtls' | 'none'
  /** URI name of the client's certificate. */
  spiffe: string
}

/** One open call: gets whole messages, and the end. */
export interface Call {
  message(bytes: Buffer): void
  /** Called once when the client has ended: the bytes of the answer, at once or later. */
  end(): Buffer | Promise<Buffer>
  /** Called once, always, when the stream is gone. */
  closed(): void
}

export interface GrpcOptions {
  host: string
  port: number
  tls?: TlsFiles
  /** Methods by path. */
  methods: Record<string, (peer: Peer) => Call>
  /** True while no more must be read. */
  pressed: () => boolean
}

const window = 256 * 1024
const sessionWindow = 4 * 1024 * 1024
/** gRPC status codes. */
const Status = { ok: 0, deadlineExceeded: 4, resourceExhausted: 8, unimplemented: 12, unavailable: 14 } as const

/**
 * A gRPC server on node:http2, for calls of few messages' kinds and much data. While `pressed`, streams are not read, so
 * that flow control makes the proxies keep what they have; `release` reads on.
 */
export class GrpcServer {
  private readonly options: GrpcOptions
  private readonly server: Http2Server
  private readonly sessions = new Set<ServerHttp2Session>()
  private readonly streams = new Set<ServerHttp2Stream>()
  /** Streams in the middle of a large message: only so many are read at a time, the others wait for their turn. */
  private readonly large = new Turns<ServerHttp2Stream>({
    pause: (stream) => stream.pause(),
    resume: (stream) => this.held || stream.resume(),
    expire: (stream) => this.finish(stream, Status.deadlineExceeded, 'a large message that does not come to its end'),
  })
  private held = false

  constructor(options: GrpcOptions) {
    this.options = options
    // proxies end calls with resets; the guard against rapid resets would cut their connections
    const common = {
      settings: { initialWindowSize: window, maxConcurrentStreams: 10_000, maxFrameSize: 64 * 1024 },
      streamResetBurst: 1_000_000,
      streamResetRate: 1_000_000,
      maxSessionMemory: 64,
    }
    const { tls } = options
    this.server = tls
      ? (createSecureServer({
          ...common,
          cert: readFileSync(tls.cert),
          key: readFileSync(tls.key),
          ...(tls.clientCa ? { ca: readFileSync(tls.clientCa), requestCert: true, rejectUnauthorized: true } : {}),
        }) as unknown as Http2Server)
      : createServer(common)
    this.server.on('session', (session) => this.session(session))
    this.server.on('stream', (stream, headers) => this.stream(stream, String(headers[':path'] ?? '')))
    this.server.on('sessionError', () => undefined)
  }

  /** Starts to listen; answers the port. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(this.options.port, this.options.host, () => resolve((this.server.address() as AddressInfo).port))
    })
  }

  /** Reads on after `pressed` has turned false. */
  release(): void {
    if (!this.held || this.options.pressed()) return
    this.held = false
    for (const stream of this.streams) if (!this.large.waits(stream)) stream.resume()
  }

  /** Takes no new connections; those that are open are read for `grace` milliseconds more, then closed in good order. */
  async close(grace: number): Promise<void> {
    this.server.close()
    if (this.sessions.size > 0) await new Promise((done) => setTimeout(done, grace))
    for (const session of this.sessions) session.close()
    for (const stream of this.streams) this.finish(stream, Status.unavailable, 'collector is stopping')
    await new Promise((done) => setTimeout(done, this.sessions.size > 0 ? 100 : 0))
    for (const session of this.sessions) session.destroy()
  }

  private session(session: ServerHttp2Session): void {
    this.sessions.add(session)
    session.setLocalWindowSize(sessionWindow)
    session.on('close', () => this.sessions.delete(session))
    session.on('error', () => undefined)
  }

  private stream(stream: ServerHttp2Stream, path: string): void {
    stream.on('error', () => undefined)
    const method = this.options.methods[path]
    if (!method) {
      this.refuse(stream, Status.unimplemented, `no method ${path}`)
      return
    }
    const call = method(peerOf(stream.session?.socket))
    const frames = new Frames()
    this.streams.add(stream)
    stream.on('close', () => {
      this.streams.delete(stream)
      this.large.update(stream, 0)
      call.closed()
    })
    let open = true
    stream.on('data', (chunk: Buffer) => {
      if (!open) return
      const trouble = frames.push(chunk, (bytes) => call.message(bytes))
      this.large.update(stream, frames.pending)
      if (trouble !== '') {
        open = false
        const large = trouble === 'large'
        this.finish(stream, large ? Status.resourceExhausted : Status.unimplemented, large ? 'message larger than 16 MiB' : 'compressed messages are not taken')
      } else if (this.options.pressed()) this.hold()
    })
    stream.on('end', () => {
      if (!open) return
      open = false
      Promise.resolve(call.end()).then(
        (answer) => this.finish(stream, Status.ok, '', answer),
        (error: Error) => this.finish(stream, Status.unavailable, error.message),
      )
    })
    if (this.held) stream.pause()
  }

  private hold(): void {
    if (this.held) return
    this.held = true
    for (const stream of this.streams) stream.pause()
  }

  /** Answers before any message: status alone. */
  private refuse(stream: ServerHttp2Stream, status: number, message: string): void {
    if (stream.destroyed || stream.headersSent) return
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(status), 'grpc-message': encodeURIComponent(message) },
      { endStream: true },
    )
    // the client may go on sending: tell it that nobody listens
    stream.resume()
    setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR))
  }

  private finish(stream: ServerHttp2Stream, status: number, message: string, answer?: Buffer): void {
    if (stream.destroyed || stream.closed) return
    if (!answer) {
      this.refuse(stream, status, message)
      return
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(status) }))
    const head = Buffer.alloc(5)
    head.writeUInt32BE(answer.length, 1)
    stream.end(Buffer.concat([head, answer]))
  }
}

/** Who is at the other end of a connection, as far as a client certificate says. */
export function peerOf(socket: Socket | TLSSocket | undefined): Peer {
  if (!socket || !('getPeerCertificate' in socket) || !socket.authorized) return { auth: 'none', spiffe: '' }
  const names = socket.getPeerCertificate()?.subjectaltname ?? ''
  return { auth: 'mtls', spiffe: /URI:([^,\s]+)/.exec(names)?.[1] ?? '' }
}
