import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import type { Address } from './envoy-config.ts'
import { grpcFrame } from './protobuf.ts'

/** A client-streaming gRPC call that comes back by itself, as Envoy's does. */
export interface GrpcStream {
  /** True while messages can be handed over. */
  open(): boolean
  /** Bytes handed over that the receiver has not taken yet. */
  waiting(): number
  /** Hands over one message; false when there is no stream (the message was not taken). */
  send(body: Uint8Array): boolean
  /** Number of streams opened so far. */
  opened(): number
  /** Resolves when all that was handed over has been taken by the connection; rejects never. */
  flushed(): Promise<void>
  close(): void
}

/**
 * @param path gRPC path, as /envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs
 * @param onOpen called when a new stream stands, before any message
 */
export function openGrpcStream(to: Address, path: string, onOpen: () => void = () => {}): GrpcStream {
  let session: ClientHttp2Session | undefined
  let stream: ClientHttp2Stream | undefined
  let closed = false
  let count = 0
  let timer: NodeJS.Timeout | undefined

  function lost(): void {
    stream = undefined
    session?.destroy()
    session = undefined
    if (closed || timer) return
    timer = setTimeout(() => {
      timer = undefined
      dial()
    }, 200)
  }

  function dial(): void {
    if (closed) return
    const next = connect(`http://${to.host}:${to.port}`)
    session = next
    const over = (): void => {
      if (session === next) lost()
    }
    next.on('error', over)
    next.on('close', over)
    next.on('goaway', over)
    next.on('connect', () => {
      if (session !== next) return
      const call = next.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' }, { endStream: false })
      call.on('error', over)
      call.on('close', over)
      call.resume()
      stream = call
      count++
      onOpen()
    })
  }
  dial()

  return {
    open: () => stream !== undefined,
    waiting: () => stream?.writableLength ?? 0,
    send(body) {
      if (!stream) return false
      stream.write(grpcFrame(body))
      return true
    },
    opened: () => count,
    async flushed() {
      while (stream && stream.writableLength > 0) await new Promise((resolve) => setTimeout(resolve, 10))
    },
    close() {
      closed = true
      clearTimeout(timer)
      stream?.end()
      session?.close()
      setTimeout(() => session?.destroy(), 500).unref()
    },
  }
}
