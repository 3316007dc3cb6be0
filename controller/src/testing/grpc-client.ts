import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'

/** A gRPC call from the client's side: sends messages, tells the status it ends with. */
export class GrpcCall {
  readonly status: Promise<string>
  private readonly session: ClientHttp2Session
  private readonly stream: ClientHttp2Stream

  constructor(port: number, path: string) {
    this.session = connect(`http://127.0.0.1:${port}`)
    this.session.on('error', () => undefined)
    this.stream = this.session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })
    this.status = new Promise((resolve) => {
      let status = ''
      const take = (headers: Record<string, unknown>): void => {
        if (headers['grpc-status'] !== undefined) status = String(headers['grpc-status'])
      }
      this.stream.on('response', take)
      this.stream.on('trailers', take)
      this.stream.on('error', () => undefined)
      this.stream.on('close', () => {
        this.session.close()
        resolve(status)
      })
    })
    this.stream.resume()
  }

  /** Resolves once the transport has taken it. */
  async send(message: Uint8Array): Promise<void> {
    const head = Buffer.alloc(5)
    head.writeUInt32BE(message.length, 1)
    const bytes = Buffer.concat([head, message])
    const piece = 256 * 1024
    for (let at = 0; at < bytes.length && !this.stream.destroyed; at += piece) {
      await new Promise<void>((done) => this.stream.write(bytes.subarray(at, at + piece), () => done()))
    }
  }

  /** Half-closes; answers the status. */
  end(): Promise<string> {
    this.stream.end()
    return this.status
  }
}
