import { type ClientHttp2Session, connect, createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2'
import protobuf from 'protobufjs'
import type { Run } from '../proof.ts'
import type { Random } from '../random.ts'
import type { Address } from './envoy-config.ts'
import { grpcFrame } from './protobuf.ts'

/** What the relay took out of the stream. */
export interface Dropped {
  /** Of all entries, the request ids (or stream ids) it could read. */
  ids: Set<string>
  entries: number
  /** Entries of each source: node id, a blank, `http` or `tcp`. */
  sources: Map<string, number>
}

/** Cuts a message into its fields' bytes: [tag, whole field, body]. */
function* fieldsOf(bytes: Uint8Array): Generator<{ tag: number; whole: Uint8Array; body: Uint8Array }> {
  const reader = protobuf.Reader.create(bytes)
  while (reader.pos < reader.len) {
    const start = reader.pos
    const tag = reader.uint32()
    const body = (tag & 7) === 2 ? reader.bytes() : bytes.subarray(0, 0)
    if ((tag & 7) !== 2) reader.skipType(tag & 7)
    yield { tag, whole: bytes.subarray(start, reader.pos), body }
  }
}

const bytesField = (tag: number, body: Uint8Array): Uint8Array => protobuf.Writer.create().uint32(tag).bytes(body).finish()

/** x-request-id of an HTTPAccessLogEntry, else the stream id of its common properties. */
function idOf(entry: Uint8Array): string {
  let stream = ''
  for (const field of fieldsOf(entry)) {
    if (field.tag === 26) for (const inner of fieldsOf(field.body)) if (inner.tag === 74) return Buffer.from(inner.body).toString()
    if (field.tag === 10) for (const inner of fieldsOf(field.body)) if (inner.tag === 210) stream = Buffer.from(inner.body).toString()
  }
  return stream
}

/** Node id of a stream's identifier. */
function nodeOf(identifier: Uint8Array): string {
  for (const node of fieldsOf(identifier))
    if (node.tag === 10) for (const field of fieldsOf(node.body)) if (field.tag === 10) return Buffer.from(field.body).toString()
  return ''
}

/** False for an entry of a request or connection that goes on (its type is none of TcpConnectionEnd, DownstreamEnd, NotSet). */
function ends(entry: Uint8Array): boolean {
  for (const common of fieldsOf(entry)) {
    if (common.tag !== 10) continue
    for (const field of fieldsOf(common.body)) if (field.tag === 264) return [0, 3, 6].includes(protobuf.Reader.create(field.whole.subarray(2)).uint32())
  }
  return true
}

/**
 * Stands between proxies and the collector as a network that loses: passes access-log streams on, and takes single entries out
 * of them at a seeded share.
 */
export async function startAlsRelay(run: Run, to: Address, random: Random, share: () => number) {
  const dropped: Dropped = { ids: new Set(), entries: 0, sources: new Map() }
  const sessions = new Set<Http2Session>()

  function thin(message: Uint8Array, sender: { node: string }): Uint8Array {
    const parts: Uint8Array[] = []
    for (const field of fieldsOf(message)) {
      if (field.tag === 10) sender.node = nodeOf(field.body)
      if (field.tag !== 18 && field.tag !== 26) {
        parts.push(field.whole)
        continue
      }
      const kept: Uint8Array[] = []
      for (const entry of fieldsOf(field.body)) {
        if (!ends(entry.body) || random.next() >= share()) kept.push(entry.whole)
        else {
          const source = `${sender.node} ${field.tag === 18 ? 'http' : 'tcp'}`
          dropped.entries++
          dropped.sources.set(source, (dropped.sources.get(source) ?? 0) + 1)
          dropped.ids.add(idOf(entry.body))
        }
      }
      parts.push(bytesField(field.tag, Buffer.concat(kept)))
    }
    return Buffer.concat(parts)
  }

  // Hundreds of streams in one session, each with its windows: nothing may be refused for want of memory.
  const roomy = { maxSessionMemory: 1000, streamResetBurst: 1_000_000, streamResetRate: 1_000_000 }
  const server = createServer(roomy)
  server.on('sessionError', () => {})
  server.on('session', (near) => {
    sessions.add(near)
    near.on('close', () => sessions.delete(near))
    let far: ClientHttp2Session | undefined
    near.on('stream', (stream: ServerHttp2Stream, headers) => {
      if (!far) {
        far = connect(`http://${to.host}:${to.port}`, { maxSessionMemory: 1000, peerMaxConcurrentStreams: 10_000 })
        far.on('error', () => near.destroy())
        far.on('close', () => near.destroy())
        near.on('close', () => far?.destroy())
      }
      const path = String(headers[':path'])
      const call = far.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })
      call.on('error', () => stream.destroy())
      call.on('close', () => stream.destroy())
      call.on('response', () => {
        if (!stream.destroyed) stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      })
      call.on('data', (chunk: Buffer) => stream.write(chunk))
      stream.on('error', () => call.destroy())
      stream.on('close', () => call.destroy())
      const sender = { node: '' }
      let rest: Buffer = Buffer.alloc(0)
      stream.on('data', (chunk: Buffer) => {
        rest = rest.length ? Buffer.concat([rest, chunk]) : chunk
        while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
          const length = rest.readUInt32BE(1)
          const body = rest.subarray(5, 5 + length)
          if (!call.write(grpcFrame(path.includes('AccessLog') ? thin(body, sender) : body))) {
            stream.pause()
            call.once('drain', () => stream.resume())
          }
          rest = rest.subarray(5 + length)
        }
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  run.defer(() => {
    server.close()
    for (const session of sessions) session.destroy()
  })
  return { address: { host: '127.0.0.1', port: (server.address() as { port: number }).port }, dropped }
}
