import { type Interner, S } from '../../batch/index.ts'
import { Address, Entry, Time } from '../entry.ts'
import { ianaCipher, versionNames } from '../vocabulary.ts'
import { Cursor, maxDepth } from '../wire/index.ts'
import { type Target, targets } from './fields.ts'

type Header = { to: 'reqHeader' | 'respHeader' | 'tag'; name: number }

/** Reads OTLP log records (opentelemetry.proto.logs.v1) whose attributes are those of our log format into an `Entry`. */
export class LogDecoder extends Cursor {
  readonly entry = new Entry()
  /** What the record's attributes say about the proxy itself: interned values by metadata key. */
  readonly self = new Map<string, number>()
  private readonly interner: Interner
  private readonly keys = new Map<number, Target | Header | undefined>()
  private generation = -1
  private timed = false

  constructor(interner: Interner) {
    super()
    this.interner = interner
  }

  /** Attributes of a Resource that ends at `end`, as text. */
  resource(end: number, into: Map<string, string>): void {
    while (this.p < end) {
      const tag = this.tag()
      if (tag === 10) {
        const key = this.keyValue(this.size(end), 5)
        if (key > 0 && this.valueLength >= 0) into.set(this.interner.text(key), this.buf.toString('utf8', this.valueStart, this.valueStart + this.valueLength))
      } else if (tag === 16) this.u64()
      else this.skip(tag, end)
    }
    this.finish(end)
  }

  /** InstrumentationScope: only checked. */
  scope(end: number): void {
    while (this.p < end) {
      const tag = this.tag()
      if (tag === 26) this.keyValue(this.size(end), 5)
      else if (tag === 32) this.u64()
      else this.skip(tag, end)
    }
    this.finish(end)
  }

  /** Reads one LogRecord that ends at `end`. */
  record(end: number): void {
    const { entry } = this
    entry.reset(false)
    this.self.clear()
    this.timed = false
    if (this.generation !== this.interner.generation) {
      this.keys.clear()
      this.generation = this.interner.generation
    }
    while (this.p < end) {
      const tag = this.tag()
      switch (tag) {
        case 9:
          this.time()
          break
        case 16:
        case 56:
          this.u64()
          break
        case 42:
          this.anyValue(this.size(end), 4)
          break
        case 50:
          this.attribute(this.keyValue(this.size(end), 4))
          break
        case 74:
          this.id(this.size(end), 16, S.traceId)
          break
        case 82:
          this.id(this.size(end), 8, S.spanId)
          break
        default:
          this.skip(tag, end)
      }
    }
    this.finish(end)
    entry.tcp = this.isTcp()
  }

  private valueStart = 0
  /** Length of the string that `keyValue` met; -1 where the value was of another kind. */
  private valueLength = -1
  /** Number that `keyValue` met, NaN where there was none. */
  private valueNumber = Number.NaN

  /** Answers the interned key. */
  private keyValue(end: number, depth: number): number {
    let key = 0
    this.valueLength = -1
    this.valueNumber = Number.NaN
    while (this.p < end) {
      const tag = this.tag()
      if (tag === 10) {
        const stop = this.size(end)
        key = this.interner.intern(this.buf, this.view, this.p, stop - this.p)
        this.p = stop
      } else if (tag === 18) this.anyValue(this.size(end), depth + 1)
      else this.skip(tag, end, depth)
    }
    this.finish(end)
    return key
  }

  private anyValue(end: number, depth: number): void {
    if (depth > maxDepth) this.fail('depth')
    while (this.p < end) {
      const tag = this.tag()
      switch (tag) {
        case 10: {
          const stop = this.size(end)
          this.valueStart = this.p
          this.valueLength = stop - this.p
          this.p = stop
          break
        }
        case 16:
          this.u64()
          break
        case 24:
          this.valueNumber = this.int64()
          break
        case 42:
          this.nested(this.size(end), depth + 1, false)
          break
        case 50:
          this.nested(this.size(end), depth + 1, true)
          break
        default:
          this.skip(tag, end, depth)
      }
    }
    this.finish(end)
  }

  /** ArrayValue or KeyValueList: only checked. */
  private nested(end: number, depth: number, pairs: boolean): void {
    if (depth > maxDepth) this.fail('depth')
    const [start, length, number] = [this.valueStart, this.valueLength, this.valueNumber]
    while (this.p < end) {
      const tag = this.tag()
      if (tag !== 10) this.skip(tag, end, depth)
      else if (pairs) this.keyValue(this.size(end), depth + 1)
      else this.anyValue(this.size(end), depth + 1)
    }
    this.finish(end)
    this.valueStart = start
    this.valueLength = length
    this.valueNumber = number
  }

  private time(): void {
    const low = this.view.getUint32(this.p, true)
    const high = this.view.getUint32(this.p + 4, true)
    this.p += 8
    const nanos = BigInt(high) * 4294967296n + BigInt(low)
    this.entry.seconds[Time.start] = Number(nanos / 1_000_000_000n)
    this.entry.nanos[Time.start] = Number(nanos % 1_000_000_000n)
  }

  private id(stop: number, length: number, at: number): void {
    if (stop - this.p === length) {
      const { record } = this.entry
      for (let i = 0; i < length / 8; i++) {
        record[at + i * 2] = this.view.getUint32(this.p + i * 8 + 4, false)
        record[at + i * 2 + 1] = this.view.getUint32(this.p + i * 8, false)
      }
    }
    this.p = stop
  }

  private attribute(key: number): void {
    if (!this.keys.has(key)) this.keys.set(key, this.target(this.interner.text(key)))
    const target = this.keys.get(key)
    // Envoy writes a dash where it has nothing to say
    const nothing = this.valueLength === 0 || (this.valueLength === 1 && this.buf[this.valueStart] === 45)
    if (!target || nothing || (this.valueLength < 0 && Number.isNaN(this.valueNumber))) return
    this.put(target)
  }

  private target(key: string): Target | Header | undefined {
    const found = /^(req\.header|resp\.header|tag)\.(?!bytes$)(.+)$/.exec(key)
    if (!found) return Object.hasOwn(targets, key) ? targets[key] : undefined
    const to = found[1] === 'tag' ? 'tag' : found[1] === 'req.header' ? 'reqHeader' : 'respHeader'
    return { to, name: this.interner.of(found[2]!) }
  }

  private put(target: Target | Header): void {
    const { entry } = this
    const { record } = entry
    switch (target.to) {
      case 'text':
        record[target.at] = this.interned()
        break
      case 'count': {
        const value = this.number()
        record[target.at] = value >>> 0
        record[target.at + 1] = Math.floor(value / 4294967296)
        break
      }
      case 'small':
        record[target.at] = Math.min(65_535, this.number())
        break
      case 'span':
        this.span(target.index, this.number())
        this.timed ||= target.index === Time.duration
        break
      case 'milliseconds':
        if (!this.timed) this.span(Time.duration, this.number() * 1000)
        break
      case 'address':
        this.address(target.index)
        break
      case 'path':
        entry.pathStart = this.valueStart
        entry.pathLength = Math.max(0, this.valueLength)
        break
      case 'requestId':
        entry.requestIdStart = this.valueStart
        entry.requestIdLength = Math.max(0, this.valueLength)
        break
      case 'streamId':
        entry.streamIdStart = this.valueStart
        entry.streamIdLength = Math.max(0, this.valueLength)
        break
      case 'protocol': {
        const name = this.text().toLowerCase()
        entry.httpVersion = Math.max(0, (versionNames as readonly string[]).indexOf(name === 'http/2.0' ? 'http/2' : name === 'http/3.0' ? 'http/3' : name))
        break
      }
      case 'grpcStatus':
        if (this.number() <= 127) record[S.grpcStatus] = this.number()
        break
      case 'cipher':
        record[S.tlsCipher] = this.interner.of(ianaCipher(this.text()))
        break
      case 'traceparent':
        if (this.valueLength >= 0) entry.reqHeaders.set(this.interner.of('traceparent'), this.valueStart, this.valueLength)
        break
      case 'peer':
        entry.peerUri = this.first()
        entry.peerCertificate = true
        break
      case 'local':
        entry.localUri = this.first()
        break
      case 'upstreamPeer':
        entry.upstreamPeerUri = this.first()
        break
      case 'upstreamLocal':
        entry.upstreamLocalUri = this.first()
        break
      case 'fingerprint':
        entry.peerCertificate = true
        break
      case 'self':
        this.self.set(target.key, this.interned())
        break
      default: {
        const pairs = target.to === 'tag' ? entry.tags : target.to === 'reqHeader' ? entry.reqHeaders : entry.respHeaders
        if (this.valueLength >= 0) pairs.set(target.name, this.valueStart, this.valueLength)
      }
    }
  }

  private interned(): number {
    return this.valueLength >= 0 ? this.interner.intern(this.buf, this.view, this.valueStart, this.valueLength) : this.interner.of(String(this.valueNumber))
  }

  private text(): string {
    return this.valueLength >= 0 ? this.buf.toString('utf8', this.valueStart, this.valueStart + this.valueLength) : String(this.valueNumber)
  }

  /** Several names of a certificate are joined by commas: the first. */
  private first(): number {
    const comma = this.buf.subarray(this.valueStart, this.valueStart + Math.max(0, this.valueLength)).indexOf(44)
    return this.valueLength < 0 ? 0 : this.interner.intern(this.buf, this.view, this.valueStart, comma < 0 ? this.valueLength : comma)
  }

  /** The value as a whole number from 0; what is none is 0. */
  private number(): number {
    if (this.valueLength < 0) return Math.max(0, this.valueNumber)
    let value = 0
    for (let p = this.valueStart, end = p + this.valueLength; p < end; p++) {
      const digit = this.buf[p]! - 48
      if (digit < 0 || digit > 9) return 0
      value = value * 10 + digit
    }
    return Math.min(value, Number.MAX_SAFE_INTEGER)
  }

  private span(index: number, micros: number): void {
    this.entry.seconds[index] = Math.floor(micros / 1e6)
    this.entry.nanos[index] = (micros % 1e6) * 1000
  }

  /** `10.0.0.1:80` or `[::1]:80`. */
  private address(index: number): void {
    if (this.valueLength < 0) return
    const end = this.valueStart + this.valueLength
    const colon = this.buf.subarray(this.valueStart, end).lastIndexOf(58)
    if (colon < 0) return
    const bracket = this.buf[this.valueStart] === 91 ? 1 : 0
    this.entry.hosts[index] = this.interner.intern(this.buf, this.view, this.valueStart + bracket, colon - 2 * bracket)
    let port = 0
    for (let p = this.valueStart + colon + 1; p < end; p++) port = port * 10 + (this.buf[p]! - 48)
    this.entry.ports[index] = port >= 0 && port <= 65_535 ? port : 0
  }

  private isTcp(): boolean {
    const { record, httpVersion, hosts } = this.entry
    const kind = record[S.kind] === 0 ? '' : this.interner.text(record[S.kind]!)
    if (kind !== '' && kind !== 'NotSet') return kind.startsWith('Tcp') || kind.startsWith('Udp')
    return httpVersion === 0 && record[S.method] === 0 && record[S.status] === 0 && hosts[Address.local] !== 0
  }
}
