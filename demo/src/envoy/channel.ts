import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { ProtoWriter } from './proto.ts'

const paths = {
  logs: '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs',
  metrics: '/envoy.service.metrics.v3.MetricsService/StreamMetrics',
} as const

/**
 * The way from the bank's proxies to one collector: gRPC streams over one HTTP/2 connection. A stream is opened when its
 * name is first used and again after the connection broke; its first message must say who speaks.
 */
export class Channel {
  private readonly address: () => Promise<string>
  private session: ClientHttp2Session | undefined
  private readonly streams = new Map<string, ClientHttp2Stream>()
  private readonly out = new ProtoWriter()

  /** @param address tells `http://host:port` of the collector's gRPC port; asked before each connection */
  constructor(address: () => Promise<string>) {
    this.address = address
  }

  /** Connects unless connected; throws when nobody answers. */
  async open(): Promise<void> {
    if (this.session && !this.session.closed && !this.session.destroyed) return
    this.streams.clear()
    const session = connect(await this.address(), { peerMaxConcurrentStreams: 1000 })
    session.on('error', () => {})
    session.on('close', () => {
      if (this.session === session) this.session = undefined
    })
    await once(session, 'connect')
    this.session = session
  }

  get connected(): boolean {
    return this.session !== undefined
  }

  /**
   * Sends one message on the stream of that name. `write` is told whether it is the stream's first. Waits while the
   * collector takes less than it is given.
   */
  async send(service: keyof typeof paths, name: string, write: (out: ProtoWriter, first: boolean) => void): Promise<void> {
    const known = this.streams.get(name)
    const stream = known && !known.destroyed && !known.closed ? known : this.begin(service, name)
    this.out.reset()
    write(this.out, stream !== known)
    const body = this.out.view()
    const frame = Buffer.allocUnsafe(5 + body.length)
    frame[0] = 0
    frame.writeUInt32BE(body.length, 1)
    body.copy(frame, 5)
    if (!stream.write(frame)) await drained(stream)
  }

  /** Ends the stream of that name, as a proxy does that is stopped. */
  end(name: string): void {
    this.streams.get(name)?.end()
    this.streams.delete(name)
  }

  /** Ends all streams, waits until what was written has left (half a second at most), and hangs up. */
  async close(): Promise<void> {
    const left = [...this.streams.values()].map((stream) => once(stream, 'close').catch(() => undefined))
    for (const stream of this.streams.values()) stream.end()
    await Promise.race([Promise.all(left), sleep(500, undefined, { ref: false })])
    this.streams.clear()
    this.session?.destroy()
    this.session = undefined
  }

  private begin(service: keyof typeof paths, name: string): ClientHttp2Stream {
    if (!this.session) throw new Error('the collector is not connected')
    const stream = this.session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: paths[service],
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'envoy',
    })
    stream.on('error', () => {})
    stream.resume()
    stream.on('close', () => {
      if (this.streams.get(name) === stream) this.streams.delete(name)
    })
    this.streams.set(name, stream)
    return stream
  }
}

async function drained(stream: ClientHttp2Stream): Promise<void> {
  const ended = new AbortController()
  const stop = () => ended.abort()
  stream.once('close', stop)
  try {
    await once(stream, 'drain', { signal: ended.signal })
  } catch {
    // Closed meanwhile: the next message opens a new stream.
  } finally {
    stream.off('close', stop)
  }
}
