import { randomFillSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** Real messages of an Envoy, to be sent again and again with fresh ids and times. */
interface Template {
  bytes: Buffer
  entries: number
  /** Places of 36-character ids, one list per distinct id. */
  uuids: number[][]
  /** Places of 32-digit trace ids. */
  traces: number[]
  /** Places of the seconds of start_time: five bytes of varint. */
  seconds: number[]
}

const varintAt = (bytes: Buffer, at: number): [value: number, next: number] => {
  let value = 0
  let scale = 1
  let next = at
  for (;;) {
    const byte = bytes[next++]!
    value += (byte & 127) * scale
    if (byte < 128) return [value, next]
    scale *= 128
  }
}

function templateOf(message: Buffer): Template | undefined {
  // Only messages that are nothing but http_logs: the identifier is our own.
  if (message[0] !== 0x12) return undefined
  const bytes = Buffer.from(message)
  const text = bytes.toString('latin1')
  const places = new Map<string, number[]>()
  for (const match of text.matchAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g)) {
    const list = places.get(match[0]) ?? []
    list.push(match.index)
    places.set(match[0], list)
  }
  const traces = [...text.matchAll(/00-([0-9a-f]{32})-[0-9a-f]{16}-0/g)].map((match) => match.index + 3)
  const seconds: number[] = []
  for (let at = 0; at < bytes.length - 8; at++) {
    if (bytes[at] !== 0x2a || bytes[at + 1]! > 13 || bytes[at + 2] !== 0x08 || bytes[at + 7]! > 127) continue
    const [value, next] = varintAt(bytes, at + 3)
    if (next === at + 8 && value > 1_600_000_000 && value < 2_000_000_000) seconds.push(at + 3)
  }
  let entries = 0
  const [length, start] = varintAt(bytes, 1)
  for (let at = start; at < start + length; entries++) {
    const [size, next] = varintAt(bytes, at + 1)
    at = next + size
  }
  return { bytes, entries, uuids: [...places.values()], traces, seconds }
}

function readTemplates(): Template[] {
  const all = gunzipSync(readFileSync(fileURLToPath(new URL('../../../fixtures/als/als.bin.gz', import.meta.url))))
  const templates: Template[] = []
  for (let at = 0; at < all.length; ) {
    const size = all.readUInt32LE(at)
    const template = templateOf(all.subarray(at + 4, at + 4 + size))
    if (template) templates.push(template)
    at += 4 + size
  }
  return templates
}

const hex = '0123456789abcdef'
const pool = Buffer.alloc(1 << 16)
let drawn = pool.length
function digits(into: Buffer, at: number, count: number): void {
  if (drawn + count > pool.length) {
    randomFillSync(pool)
    drawn = 0
  }
  for (let i = 0; i < count; i++) into[at + i] = hex.charCodeAt(pool[drawn++]! & 15)
}

/** A gRPC frame of the template with fresh ids and the time of now. */
function fresh(template: Template): Buffer {
  const frame = Buffer.allocUnsafe(template.bytes.length + 5)
  frame[0] = 0
  frame.writeUInt32BE(template.bytes.length, 1)
  template.bytes.copy(frame, 5)
  for (const [first, ...others] of template.uuids) {
    const at = first! + 5
    for (const [from, count] of [
      [0, 8],
      [9, 4],
      [15, 3],
      [20, 3],
      [24, 12],
    ] as const)
      digits(frame, at + from, count)
    for (const other of others) frame.copy(frame, other + 5, at, at + 36)
  }
  for (const at of template.traces) digits(frame, at + 5, 32)
  let now = Math.floor(Date.now() / 1000)
  const varint = [0, 0, 0, 0, 0].map((_, i) => {
    const byte = (now % 128) | (i < 4 ? 128 : 0)
    now = Math.floor(now / 128)
    return byte
  })
  for (const at of template.seconds) for (let i = 0; i < 5; i++) frame[at + 5 + i] = varint[i]!
  return frame
}

const field = (number: number, value: Buffer): Buffer => {
  const size: number[] = []
  for (let rest = value.length; ; rest >>= 7) {
    size.push(rest > 127 ? (rest & 127) | 128 : rest)
    if (rest <= 127) break
  }
  return Buffer.concat([Buffer.of(number * 8 + 2, ...size), value])
}

/** The first message of a stream: who the proxy is. */
function identifier(proxy: number): Buffer {
  const pod = `web-${proxy}-6d8f7c9b5-abcde`
  const text = (value: string) => Buffer.from(value)
  const entry = (key: string, value: string) => field(1, Buffer.concat([field(1, text(key)), field(2, field(3, text(value)))]))
  const ip = `10.3.0.${proxy + 1}`
  const metadata = { NAME: pod, NAMESPACE: 'bench', CLUSTER_ID: 'bench', WORKLOAD_NAME: `web-${proxy}`, INSTANCE_IPS: ip, SERVICE_ACCOUNT: 'web' }
  const struct = Buffer.concat(Object.entries(metadata).map(([key, value]) => entry(key, value)))
  const node = Buffer.concat([field(1, text(`sidecar~${ip}~${pod}.bench~bench.svc.cluster.local`)), field(2, text(`web-${proxy}.bench`)), field(3, struct)])
  const body = field(1, Buffer.concat([field(1, node), field(2, text('bench'))]))
  const frame = Buffer.alloc(body.length + 5)
  frame.writeUInt32BE(body.length, 1)
  body.copy(frame, 5)
  return frame
}

/** Sends `entries` entries over `streams` streams, at `perSecond` or as fast as they are taken; resolves with the number sent and how long it took. */
async function replay(options: { port: number; entries: number; streams: number; perSecond: number }): Promise<{ sent: number; seconds: number }> {
  const templates = readTemplates()
  const session = connect(`http://127.0.0.1:${options.port}`)
  const calls = Array.from({ length: options.streams }, (_, i) => {
    const path = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs'
    const call = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' }, { endStream: false })
    call.resume()
    call.write(identifier(i))
    return call
  })
  const began = Date.now()
  let sent = 0
  for (let turn = 0; sent < options.entries; turn++) {
    const template = templates[turn % templates.length]!
    const call = calls[turn % calls.length]!
    sent += template.entries
    if (!call.write(fresh(template))) await new Promise((resolve) => call.once('drain', resolve))
    if (options.perSecond > 0) {
      const ahead = (sent / options.perSecond) * 1000 - (Date.now() - began)
      if (ahead > 5) await sleep(ahead)
    } else if (turn % 64 === 63) await sleep(0)
  }
  for (const call of calls) while (call.writableLength > 0) await sleep(20)
  const seconds = (Date.now() - began) / 1000
  // The receiver must have read it all before the connection may go: it closes streams by itself when it has.
  for (const call of calls) call.end()
  await sleep(1_000)
  session.close()
  return { sent, seconds }
}

process.stdout.write(JSON.stringify(await replay(JSON.parse(process.argv[2] ?? '{}'))))
process.exit(0)
