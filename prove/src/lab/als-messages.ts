import { type Message, message, putVarint5, struct } from './protobuf.ts'

/** A proxy as it names itself in the first message of a stream. */
export interface ProxyNode {
  id: string
  cluster: string
  metadata: Record<string, unknown>
}

const nodeOf = (node: ProxyNode): Message => {
  const semantic = message().varint(1, 1).varint(2, 40)
  return message().bytes(1, node.id).bytes(2, node.cluster).bytes(3, struct(node.metadata)).bytes(6, 'envoy').bytes(8, message().bytes(1, semantic))
}

/** StreamAccessLogsMessage.identifier, as a piece of a message. */
export const alsIdentifier = (node: ProxyNode, log: string): Buffer =>
  message()
    .bytes(1, message().bytes(1, nodeOf(node)).bytes(2, log))
    .finish()

/** StreamAccessLogsMessage.http_logs or tcp_logs around ready entries. */
export function alsEntries(kind: 'http' | 'tcp', entries: readonly Uint8Array[]): Buffer {
  const logs = message()
  for (const entry of entries) logs.bytes(1, entry)
  return message()
    .bytes(kind === 'http' ? 2 : 3, logs)
    .finish()
}

/** StreamMetricsMessage: cumulative counters and gauges, all sampled at one moment. */
export function metricsMessage(node: ProxyNode | undefined, counters: Record<string, number>, gauges: Record<string, number>, atMs: number): Buffer {
  const out = message()
  if (node) out.bytes(1, message().bytes(1, nodeOf(node)))
  const family = (name: string, type: number, value: number): Message => {
    const metric = message()
    if (type === 0) metric.bytes(3, message().double(1, value))
    else metric.bytes(2, message().double(1, value))
    return message().bytes(1, name).varint(3, type).bytes(4, metric.varint(6, atMs))
  }
  for (const [name, value] of Object.entries(counters)) out.bytes(2, family(name, 0, value))
  for (const [name, value] of Object.entries(gauges)) out.bytes(2, family(name, 1, value))
  return out.finish()
}

const address = (host: string, port: number): Message => message().bytes(1, message().bytes(2, host).varint(3, port))
const san = (uri: string): Message => message().bytes(1, message().bytes(1, uri))

/** What stays the same in all entries of one edge as one side sees it. */
export interface EntryShape {
  side: 'client' | 'server'
  srcIp: string
  dstIp: string
  dstPort: number
  srcSpiffe: string
  dstSpiffe: string
  upstreamCluster: string
  host: string
  /** Its last 36 characters are replaced by the id. */
  path: string
}

export interface EntryValues {
  id: string
  /** µs since 1970. */
  startUs: number
  durationUs: number
  /** 128 … 999. */
  status: number
  /** Source port of the connection between the proxies, 16,384 … 65,535. */
  srcPort: number
}

const mark = '00000000-0000-4000-8000-000000000000'

/**
 * Prepares entries of one shape: encoding one is a copy and a few patches, so that a generator can outrun any receiver.
 * Entries look like Envoy's of an HTTP/1.1 request through a sidecar (padded varints are legal protobuf).
 */
export function entryEncoder(shape: EntryShape): (values: EntryValues) => Buffer {
  const five = Buffer.from([0x80, 0x80, 0x80, 0x80, 0x00])
  const stamp = (...fields: number[]): Buffer => Buffer.concat(fields.flatMap((field) => [Buffer.from([field * 8]), five]))
  const port3 = Buffer.from([0x18, 0xff, 0xff, 0x03])
  const moving = Buffer.concat([message().bytes(2, shape.srcIp).finish(), port3])
  const source = message().bytes(1, moving)
  const server = shape.side === 'server'
  const tls = message()
    .varint(1, 4)
    .bytes(2, message().varint(1, 0x1301))
    .bytes(3, 'outbound_.8080_._.bank')
    .bytes(4, san(shape.dstSpiffe))
    .bytes(5, san(shape.srcSpiffe))
  const common = message()
    .bytes(2, server ? source : address('127.0.0.1', 40_000))
    .bytes(3, address(shape.dstIp, shape.dstPort))
  if (server) common.bytes(4, tls)
  common
    .bytes(5, stamp(1, 2))
    .bytes(6, message().varint(2, 40_000))
    .bytes(7, message().varint(2, 90_000))
    .bytes(8, message().varint(2, 91_000))
    .bytes(13, server ? address('127.0.0.1', 8080) : address(shape.dstIp, shape.dstPort))
    .bytes(14, server ? address('127.0.0.6', 41_000) : source)
    .bytes(15, shape.upstreamCluster)
    .bytes(19, 'default')
    .bytes(20, server ? source : address('127.0.0.1', 40_000))
    .bytes(23, stamp(1, 2))
    .varint(24, 1)
    .bytes(26, mark)
    .varint(29, 700)
    .varint(30, 400)
    .varint(31, 400)
    .varint(32, 700)
    .varint(33, 6)
  const request = message()
    .varint(1, 1)
    .bytes(2, 'http')
    .bytes(3, shape.host)
    .bytes(5, `${shape.path}${mark}`)
    .bytes(6, 'bank-app/1.0')
    .bytes(9, mark)
    .varint(11, 380)
  const response = message()
    .bytes(1, Buffer.from([0x08, 0xc8, 0x01]))
    .varint(2, 120)
    .varint(3, 512)
    .bytes(6, 'via_upstream')
  const template = message().bytes(1, common).varint(2, 2).bytes(3, request).bytes(4, response).finish()

  const all = (needle: Uint8Array): number[] => {
    const found: number[] = []
    for (let at = template.indexOf(needle); at >= 0; at = template.indexOf(needle, at + 1)) found.push(at)
    return found
  }
  const ids = all(Buffer.from(mark))
  const [start, duration] = all(stamp(1, 2)) as [number, number]
  const ports = all(port3)
  const status = all(Buffer.from([0x08, 0xc8, 0x01]))[0]!
  return (values) => {
    const entry = Buffer.from(template)
    for (const at of ids) entry.write(values.id, at, 'latin1')
    putVarint5(entry, start + 1, Math.floor(values.startUs / 1_000_000))
    putVarint5(entry, start + 7, (values.startUs % 1_000_000) * 1000)
    putVarint5(entry, duration + 1, Math.floor(values.durationUs / 1_000_000))
    putVarint5(entry, duration + 7, (values.durationUs % 1_000_000) * 1000)
    for (const at of ports) {
      entry[at + 1] = (values.srcPort & 0x7f) | 0x80
      entry[at + 2] = ((values.srcPort >> 7) & 0x7f) | 0x80
      entry[at + 3] = values.srcPort >> 14
    }
    entry[status + 1] = (values.status & 0x7f) | 0x80
    entry[status + 2] = values.status >> 7
    return entry
  }
}
