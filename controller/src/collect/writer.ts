import { isUtf8 } from 'node:buffer'
import { type AccessBatcher, type Bytes, type Interner, type Rows, S, side } from '../batch/index.ts'
import { Ends, type IdentitySource } from './enrich/index.ts'
import { Address, type Entry, type Pairs, Time } from './entry.ts'
import { writeQuery } from './query.ts'
import type { SourceStream, StreamIds } from './stream.ts'
import { isAsciiRange, parseSpanId, parseTraceId, parseTraceparent, parseUuid } from './text.ts'
import { cipherName, flagText, readWords, type Words } from './vocabulary.ts'

/** Seconds before and after now between which a start time is believed; outside, the time of arrival takes its place. */
const believed = { before: 400 * 86_400, after: 86_400 }
const spans = [S.duration, S.lastRx, S.firstUpTx, S.lastUpTx, S.firstUpRx, S.lastUpRx, S.firstDownTx, S.lastDownTx] as const
const grpcType = Buffer.from('application/grpc')

/** The bytes that an entry's positions point into. */
export interface Source {
  buf: Buffer
  view: DataView
}

export interface WriterOptions {
  /** Keep the values of query strings. */
  keepQuery: boolean
  /** Clock in milliseconds since 1970. */
  now: () => number
}

/** Turns a whole, good `Entry` into a row: names, sides, addresses, identities, redaction. One for all wires. */
export class AccessWriter {
  readonly interner: Interner
  private readonly batcher: AccessBatcher
  private readonly ends: Ends
  private readonly options: WriterOptions
  private words: Words

  constructor(interner: Interner, batcher: AccessBatcher, identities: IdentitySource, options: WriterOptions) {
    this.interner = interner
    this.batcher = batcher
    this.ends = new Ends(interner, identities)
    this.options = options
    this.words = readWords(interner)
  }

  /** Writes the entry, whose positions point into `buf`, as a row of the day it belongs to. */
  write(entry: Entry, { buf, view }: Source, stream: SourceStream): void {
    if (this.words.generation !== this.interner.generation) this.words = readWords(this.interner)
    const ids = stream.ids(this.interner, this.ends)
    const { record } = entry
    const { words } = this
    record[S.source] = ids.source
    record[S.proxy] = ids.proxy
    record[S.proxyType] = ids.proxyType
    record[S.proxyVersion] = ids.proxyVersion
    record[S.proxyAuth] = ids.proxyAuth
    record[S.log] = ids.log
    if (entry.kind > 0) record[S.kind] = words.kinds[entry.kind] ?? 0
    if (entry.method > 0) record[S.method] = words.methods[entry.method] ?? 0
    if (entry.tlsVersion > 0) record[S.tlsVersion] = words.tls[entry.tlsVersion] ?? 0
    if (entry.cipherKnown) record[S.tlsCipher] = this.cipher(entry.cipher)
    if (entry.flags !== 0 || entry.unauthorized !== 0) record[S.flags] = this.flags(entry)
    this.upstreamTags(entry, buf)
    this.connection(entry, stream, ids)
    this.protocol(entry, buf)
    this.identifiers(entry, buf)
    for (let i = 0; i < spans.length; i++) micros(entry.seconds[i + 1]!, entry.nanos[i + 1]!, record, spans[i]!)
    const day = this.start(entry)
    const rows = this.batcher.rows(day)
    record[S.row] = rows.count
    this.strings(entry, buf, rows)
    this.pairs(rows, side.reqHeaders, S.reqHeadersCount, entry, entry.reqHeaders, buf, view)
    this.pairs(rows, side.respHeaders, S.respHeadersCount, entry, entry.respHeaders, buf, view)
    this.pairs(rows, side.tags, S.tagsCount, entry, entry.tags, buf, view)
    rows.push(record)
    this.batcher.written(rows)
  }

  /** Start time in microseconds, and the day (since 1970) it falls on. */
  private start(entry: Entry): number {
    let seconds = entry.seconds[Time.start]!
    let rest = Math.trunc(entry.nanos[Time.start]! / 1000)
    const now = this.options.now() / 1000
    if (!(seconds > now - believed.before && seconds < now + believed.after) || rest < 0 || rest > 999_999) {
      seconds = Math.floor(now)
      rest = Math.floor((now - seconds) * 1e6)
    }
    write64(seconds * 1e6 + rest, entry.record, S.ts)
    return Math.floor(seconds / 86_400)
  }

  /** Which side speaks, and which of the proxy's two connections is the one between the proxies. */
  private connection(entry: Entry, stream: SourceStream, ids: StreamIds): void {
    const { record, hosts, ports } = entry
    const { words } = this
    const cluster = record[S.upstreamCluster]!
    const direction = this.direction(cluster)
    const told = direction === 0 ? stream.reporter || this.reporterOfEnds(entry, stream) : ''
    const client = direction === 2 || told === 'client'
    const server = direction === 1 || told === 'server'
    record[S.reporter] = client ? words.client : server ? words.server : words.unknown
    const upstream = hosts[Address.upstreamRemote] !== 0
    const outer = client && upstream
    const from = outer ? Address.upstreamLocal : Address.direct
    const to = outer ? Address.upstreamRemote : Address.local
    const srcSpiffe = client ? entry.upstreamLocalUri || this.spiffe(entry.localUri) || ids.spiffe : entry.peerUri
    const dstSpiffe = client ? entry.upstreamPeerUri : entry.localUri
    const src = client ? ids.self : this.ends.peer(hosts[from]!, srcSpiffe, 0, stream.proxy)
    const dst = client ? this.ends.peer(hosts[to]!, dstSpiffe, cluster, stream.proxy) : ids.self
    record.set(src, S.src.cluster)
    record.set(dst, S.dst.cluster)
    // an identity that a connection proved is never made up from an address: only the client side, which sees no
    // certificate of its peer, falls back to what the peer's proxy says of itself
    record[S.src.spiffe] = srcSpiffe
    if (dstSpiffe !== 0 || !client) record[S.dst.spiffe] = dstSpiffe
    record[S.src.ip] = hosts[from]!
    record[S.src.port] = port(ports[from]!)
    record[S.dst.ip] = hosts[to]!
    record[S.dst.port] = port(ports[to]!)
    if (outer) {
      record[S.appIp] = hosts[Address.direct]!
      record[S.appPort] = port(ports[Address.direct]!)
      record[S.appLocalIp] = hosts[Address.local]!
      record[S.appLocalPort] = port(ports[Address.local]!)
    } else if (upstream && !client) {
      record[S.appIp] = hosts[Address.upstreamRemote]!
      record[S.appPort] = port(ports[Address.upstreamRemote]!)
      record[S.appLocalIp] = hosts[Address.upstreamLocal]!
      record[S.appLocalPort] = port(ports[Address.upstreamLocal]!)
    }
    record[S.clientIp] = hosts[Address.remote]!
    record[S.mtls] = client ? (entry.upstreamPeerUri !== 0 ? 1 : 0) : entry.peerCertificate ? 1 : 0
  }

  /** Side of an access that was answered before a cluster was chosen (denied, no route): only what cannot be otherwise. */
  private reporterOfEnds(entry: Entry, stream: SourceStream): 'client' | 'server' | '' {
    if (entry.peerCertificate) return 'server'
    const from = entry.hosts[Address.direct]!
    return from !== 0 && stream.proxy.ips.includes(this.interner.text(from)) ? 'client' : ''
  }

  private protocol(entry: Entry, buf: Buffer): void {
    const { record } = entry
    const { words } = this
    if (entry.tcp) {
      record[S.protocol] = words.tcp
      return
    }
    let status = record[S.grpcStatus]! | 0
    if (status < 0) status = grpcStatus(entry.respTrailers, words.grpcStatus, buf)
    if (status < 0) status = grpcStatus(entry.respHeaders, words.grpcStatus, buf)
    if (status >= 0) record[S.grpcStatus] = status
    const type = entry.reqHeaders.count === 0 ? -1 : entry.reqHeaders.find(words.contentType)
    const grpc = status >= 0 || (type >= 0 && startsWith(buf, entry.reqHeaders.starts[type]!, entry.reqHeaders.lengths[type]!, grpcType))
    record[S.protocol] = grpc ? words.grpc : (words.versions[entry.httpVersion] ?? 0)
    const { respTrailers, respHeaders } = entry
    for (let i = 0; i < respTrailers.count; i++) respHeaders.set(respTrailers.keys[i]!, respTrailers.starts[i]!, respTrailers.lengths[i]!)
  }

  /** Request id, stream id and the trace that the logged headers name. */
  private identifiers(entry: Entry, buf: Buffer): void {
    const { record, reqHeaders } = entry
    const { words } = this
    const known = parseUuid(buf, entry.requestIdStart, entry.requestIdLength, record, S.requestId)
    if (known) entry.requestIdLength = 0
    if (parseUuid(buf, entry.streamIdStart, entry.streamIdLength, record, S.streamId) && known && same(record, S.streamId, S.requestId)) {
      record.fill(0, S.streamId, S.streamId + 4)
    }
    for (let i = 0; i < reqHeaders.count; i++) {
      const key = reqHeaders.keys[i]!
      const start = reqHeaders.starts[i]!
      const length = reqHeaders.lengths[i]!
      const taken =
        key === words.traceparent
          ? parseTraceparent(buf, start, length, record, S.traceId, S.spanId)
          : key === words.b3TraceId
            ? parseTraceId(buf, start, length, record, S.traceId)
            : key === words.b3SpanId && parseSpanId(buf, start, length, record, S.spanId)
      if (taken) reqHeaders.keys[i] = -1
    }
  }

  /** The string columns, in the order of the layout: each row writes each of them once. */
  private strings(entry: Entry, buf: Buffer, rows: Rows): void {
    const start = entry.pathStart
    const end = start + entry.pathLength
    let q = start
    let high = 0
    for (; q < end; q++) {
      const b = buf[q]!
      if (b === 63) break
      high |= b
    }
    plain(rows.strings[side.path]!, buf, start, q - start, high)
    if (q + 1 < end) writeQuery(rows.strings[side.query]!, buf, q + 1, end, this.options.keepQuery)
    else rows.strings[side.query]!.byte(0)
    plain(rows.strings[side.requestIdText]!, buf, entry.requestIdStart, entry.requestIdLength, entry.requestIdLength === 0 ? 0 : 128)
  }

  /** Writes the pairs to the map; those whose key is -1 have gone to a column of their own. */
  private pairs(rows: Rows, map: number, at: number, entry: Entry, pairs: Pairs, buf: Buffer, view: DataView): void {
    let count = 0
    for (let i = 0; i < pairs.count; i++) {
      const key = pairs.keys[i]!
      if (key < 0) continue
      const length = pairs.lengths[i]!
      const start = pairs.starts[i]!
      if (isAsciiRange(buf, view, start, length) || isUtf8(buf.subarray(start, start + length))) rows.pair(map, key, buf, start, length)
      else {
        const mended = Buffer.from(buf.toString('utf8', start, start + length))
        rows.pair(map, key, mended, 0, mended.length)
      }
      count++
    }
    entry.record[at] = count
  }

  /** Two tags of ours carry what the access log service has no field for (docs/collect.md). */
  private upstreamTags(entry: Entry, buf: Buffer): void {
    const { tags } = entry
    for (let i = 0; i < tags.count; i++) {
      const key = tags.keys[i]!
      if (key !== this.words.upstreamPeer && key !== this.words.upstreamLocal) continue
      const text = buf.toString('utf8', tags.starts[i]!, tags.starts[i]! + tags.lengths[i]!)
      const id = text === '' || text === '-' ? 0 : this.interner.of(text)
      if (key === this.words.upstreamPeer) entry.upstreamPeerUri = id
      else entry.upstreamLocalUri = id
      tags.keys[i] = -1
    }
  }

  private direction(cluster: number): number {
    let known = this.words.directions.get(cluster)
    if (known === undefined) {
      const text = this.interner.text(cluster)
      known = text.startsWith('inbound|') ? 1 : text.startsWith('outbound|') ? 2 : 0
      this.words.directions.set(cluster, known)
    }
    return known
  }

  /** The id itself where it is a SPIFFE id, else 0. */
  private spiffe(id: number): number {
    if (id === 0) return 0
    let known = this.words.spiffes.get(id)
    if (known === undefined) {
      known = this.interner.text(id).startsWith('spiffe://')
      this.words.spiffes.set(id, known)
    }
    return known ? id : 0
  }

  private flags(entry: Entry): number {
    const key = entry.flags | (entry.unauthorized === 1 ? 1 << 13 : 0)
    let id = this.words.flags.get(key)
    if (id === undefined) {
      id = this.interner.of(flagText(entry.flags, entry.unauthorized === 1))
      this.words.flags.set(key, id)
    }
    return id
  }

  private cipher(suite: number): number {
    let id = this.words.ciphers.get(suite)
    if (id === undefined) {
      id = this.interner.of(cipherName(suite))
      this.words.ciphers.set(suite, id)
    }
    return id
  }
}

/** A string column's value: as it is where it is ASCII, else mended where it is no UTF-8. */
function plain(out: Bytes, buf: Buffer, start: number, length: number, high: number): void {
  if (high < 128 || isUtf8(buf.subarray(start, start + length))) out.string(buf, start, length)
  else out.text(buf.toString('utf8', start, start + length))
}

function micros(seconds: number, nanos: number, record: Uint32Array, at: number): void {
  if (seconds === 0 && nanos < 4_000_000_000 && nanos >= 0) {
    record[at] = (nanos / 1000) | 0
    return
  }
  const value = Math.floor(seconds * 1e6 + nanos / 1000)
  write64(value > 0 ? Math.min(value, Number.MAX_SAFE_INTEGER) : 0, record, at)
}

function write64(value: number, record: Uint32Array, at: number): void {
  record[at] = value >>> 0
  record[at + 1] = Math.floor(value / 4294967296)
}

function port(value: number): number {
  return value > 65_535 ? 0 : value
}

function same(record: Uint32Array, a: number, b: number): boolean {
  for (let i = 0; i < 4; i++) if (record[a + i] !== record[b + i]) return false
  return true
}

function startsWith(buf: Buffer, start: number, length: number, prefix: Buffer): boolean {
  if (length < prefix.length) return false
  for (let i = 0; i < prefix.length; i++) if (buf[start + i] !== prefix[i]) return false
  return true
}

/** gRPC status among headers or trailers: 0 to 127, or -1 where there is none. */
function grpcStatus(pairs: Pairs, key: number, buf: Buffer): number {
  const i = pairs.count === 0 ? -1 : pairs.find(key)
  if (i < 0 || pairs.lengths[i]! > 3 || pairs.lengths[i] === 0) return -1
  let value = 0
  for (let p = pairs.starts[i]!, end = p + pairs.lengths[i]!; p < end; p++) {
    const digit = buf[p]! - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value > 127 ? -1 : value
}
