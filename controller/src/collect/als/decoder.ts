import { type Interner, S } from '../../batch/index.ts'
import { Address, Entry, type Pairs, Time } from '../entry.ts'
import { Cursor } from '../wire/index.ts'
import { StructReader } from './struct.ts'

/**
 * Reads entries of Envoy's access log service (envoy.data.accesslog.v3) out of their bytes straight into an `Entry`.
 * Written by hand because it is the hot path; what it takes, refuses and makes of a message is held equal to a generated
 * decoder by the tests: last value of a scalar wins, messages that come twice are merged, wrong wire types are unknown
 * fields, unknown fields are passed over, lengths must fit exactly, and known fields that are not kept are still read. Only invalid UTF-8 is mended (U+FFFD), not refused.
 */
export class EntryDecoder extends Cursor {
  readonly entry = new Entry()
  private readonly interner: Interner
  private readonly structs: StructReader
  /** Place of the string that `text` read last. */
  private start = 0
  private length = 0

  constructor(interner: Interner) {
    super()
    this.interner = interner
    this.structs = new StructReader(this, interner)
  }

  /** Reads one HTTPAccessLogEntry or TCPAccessLogEntry that ends at `end`. */
  read(end: number, tcp: boolean): void {
    const { entry } = this
    entry.reset(tcp)
    while (this.p < end) {
      const tag = this.tag()
      if (tag === 10) this.common(this.size(end))
      else if (tcp) {
        if (tag === 18) this.connection(this.size(end))
        else this.skip(tag, end)
      } else if (tag === 26) this.request(this.size(end))
      else if (tag === 34) this.response(this.size(end))
      else if (tag === 16) entry.httpVersion = this.u32()
      else this.skip(tag, end)
    }
    this.finish(end)
  }

  private common(end: number): void {
    const { entry } = this
    const { record } = entry
    while (this.p < end) {
      const tag = this.tag()
      switch (tag) {
        case 18:
          this.address(this.size(end), Address.remote)
          break
        case 26:
          this.address(this.size(end), Address.local)
          break
        case 34:
          this.tls(this.size(end))
          break
        case 42:
          this.time(this.size(end), Time.start)
          break
        case 50:
          this.time(this.size(end), Time.lastRx)
          break
        case 58:
          this.time(this.size(end), Time.firstUpTx)
          break
        case 66:
          this.time(this.size(end), Time.lastUpTx)
          break
        case 74:
          this.time(this.size(end), Time.firstUpRx)
          break
        case 82:
          this.time(this.size(end), Time.lastUpRx)
          break
        case 90:
          this.time(this.size(end), Time.firstDownTx)
          break
        case 98:
          this.time(this.size(end), Time.lastDownTx)
          break
        case 106:
          this.address(this.size(end), Address.upstreamRemote)
          break
        case 114:
          this.address(this.size(end), Address.upstreamLocal)
          break
        case 122:
          record[S.upstreamCluster] = this.text(end)
          break
        case 130:
          this.flags(this.size(end))
          break
        case 138:
          this.structs.metadata(this.size(end), record)
          break
        case 146:
          record[S.failure] = this.text(end)
          break
        case 154:
          record[S.route] = this.text(end)
          break
        case 162:
          this.address(this.size(end), Address.direct)
          break
        case 170:
          this.anyMap(this.size(end))
          break
        case 178:
          this.pair(this.size(end), entry.tags)
          break
        case 186:
          this.time(this.size(end), Time.duration)
          break
        case 192:
          record[S.attempts] = clamp16(this.u32())
          break
        case 202:
          record[S.termination] = this.text(end)
          break
        case 210:
          this.place(end)
          entry.streamIdStart = this.start
          entry.streamIdLength = this.length
          break
        case 232:
          this.count(S.wireDownTx)
          break
        case 240:
          this.count(S.wireDownRx)
          break
        case 248:
          this.count(S.wireUpTx)
          break
        case 256:
          this.count(S.wireUpRx)
          break
        case 264:
          entry.kind = this.u32()
          break
        case 216:
          this.u64()
          break
        default:
          this.skip(tag, end)
      }
    }
    this.finish(end)
  }

  private request(end: number): void {
    const { entry } = this
    const { record } = entry
    while (this.p < end) {
      const tag = this.tag()
      switch (tag) {
        case 8:
          entry.method = this.u32()
          break
        case 18:
          record[S.scheme] = this.text(end)
          break
        case 26:
          record[S.host] = this.text(end)
          break
        case 34:
          this.flat(this.size(end), 8)
          break
        case 42:
          this.place(end)
          entry.pathStart = this.start
          entry.pathLength = this.length
          break
        case 50:
          record[S.userAgent] = this.text(end)
          break
        case 66:
          record[S.forwardedFor] = this.text(end)
          break
        case 74:
          this.place(end)
          entry.requestIdStart = this.start
          entry.requestIdLength = this.length
          break
        case 88:
          this.count(S.reqHeaderBytes)
          break
        case 96:
          this.count(S.reqBodyBytes)
          break
        case 106:
          this.pair(this.size(end), entry.reqHeaders)
          break
        case 112:
        case 120:
          this.u64()
          break
        default:
          this.skip(tag, end)
      }
    }
    this.finish(end)
  }

  private response(end: number): void {
    const { entry } = this
    const { record } = entry
    while (this.p < end) {
      const tag = this.tag()
      switch (tag) {
        case 10:
          this.wrapped(this.size(end), S.status)
          break
        case 16:
          this.count(S.respHeaderBytes)
          break
        case 24:
          this.count(S.respBodyBytes)
          break
        case 34:
          this.pair(this.size(end), entry.respHeaders)
          break
        case 42:
          this.pair(this.size(end), entry.respTrailers)
          break
        case 50:
          record[S.details] = this.text(end)
          break
        case 56:
        case 64:
          this.u64()
          break
        default:
          this.skip(tag, end)
      }
    }
    this.finish(end)
  }

  private connection(end: number): void {
    while (this.p < end) {
      const tag = this.tag()
      if (tag === 8) this.count(S.reqBodyBytes)
      else if (tag === 16) this.count(S.respBodyBytes)
      else this.skip(tag, end)
    }
    this.finish(end)
  }

  /** Address: of a socket its text and port; a pipe or an internal address has neither. */
  private address(end: number, which: number): void {
    while (this.p < end) {
      const tag = this.tag()
      if (tag === 10) {
        const stop = this.size(end)
        while (this.p < stop) {
          const inner = this.tag()
          if (inner === 18) this.entry.hosts[which] = this.text(stop)
          else if (inner === 24) this.entry.ports[which] = this.u32()
          else if (inner === 8 || inner === 48) this.u64()
          else this.skip(inner, stop)
        }
        this.finish(stop)
      } else if (tag === 18 || tag === 26) this.flat(this.size(end), 16)
      else this.skip(tag, end)
    }
    this.finish(end)
  }

  private tls(end: number): void {
    const { entry } = this
    while (this.p < end) {
      const tag = this.tag()
      switch (tag) {
        case 8:
          entry.tlsVersion = this.u32()
          break
        case 18:
          entry.cipherKnown = true
          this.wrapped(this.size(end), -1)
          break
        case 26:
          entry.record[S.sni] = this.text(end)
          break
        case 34:
          entry.localUri = this.certificate(this.size(end), entry.localUri)
          break
        case 42:
          entry.peerCertificate = true
          entry.peerUri = this.certificate(this.size(end), entry.peerUri)
          break
        default:
          this.skip(tag, end)
      }
    }
    this.finish(end)
  }

  /** The first URI among a certificate's names. */
  private certificate(end: number, known: number): number {
    let uri = known
    while (this.p < end) {
      const tag = this.tag()
      if (tag === 10) {
        const stop = this.size(end)
        let name = 0
        while (this.p < stop) {
          const inner = this.tag()
          if (inner === 10) name = this.text(stop)
          else this.skip(inner, stop)
        }
        this.finish(stop)
        if (uri === 0) uri = name
      } else this.skip(tag, end)
    }
    this.finish(end)
    return uri
  }

  private time(end: number, which: number): void {
    const { seconds, nanos } = this.entry
    while (this.p < end) {
      const tag = this.tag()
      if (tag === 8) seconds[which] = this.int64()
      else if (tag === 16) nanos[which] = this.u32()
      else this.skip(tag, end)
    }
    this.finish(end)
  }

  private flags(end: number): void {
    const { entry } = this
    while (this.p < end) {
      const tag = this.tag()
      const field = tag >>> 3
      if (field === 13 && (tag & 7) === 2) {
        const stop = this.size(end)
        while (this.p < stop) {
          const inner = this.tag()
          if (inner === 8) entry.unauthorized = this.u32()
          else this.skip(inner, stop)
        }
        this.finish(stop)
      } else if (field > 0 && field <= 28 && field !== 13 && (tag & 7) === 0) {
        if (this.bool()) entry.flags |= 1 << field
        else entry.flags &= ~(1 << field)
      } else this.skip(tag, end)
    }
    this.finish(end)
  }

  /** UInt32Value: the response code (a word of the record), or the cipher suite (-1). */
  private wrapped(end: number, at: number): void {
    while (this.p < end) {
      const tag = this.tag()
      if (tag === 8) {
        const value = this.u32()
        if (at >= 0) this.entry.record[at] = clamp16(value)
        else this.entry.cipher = value >>> 0
      } else this.skip(tag, end)
    }
    this.finish(end)
  }

  private pair(end: number, pairs: Pairs): void {
    let key = 0
    let start = 0
    let length = 0
    while (this.p < end) {
      const tag = this.tag()
      if (tag === 10) key = this.text(end)
      else if (tag === 18) {
        this.place(end)
        start = this.start
        length = this.length
      } else this.skip(tag, end)
    }
    this.finish(end)
    pairs.set(key, start, length)
  }

  /** map<string, Any>: not kept, but its structure is checked. */
  private anyMap(end: number): void {
    while (this.p < end) {
      const tag = this.tag()
      if (tag === 18) this.flat(this.size(end))
      else this.skip(tag, end)
    }
    this.finish(end)
  }

  private text(end: number): number {
    const stop = this.size(end)
    const start = this.p
    this.p = stop
    return this.interner.intern(this.buf, this.view, start, stop - start)
  }

  private place(end: number): void {
    const stop = this.size(end)
    this.start = this.p
    this.length = stop - this.p
    this.p = stop
  }

  private count(at: number): void {
    this.u64()
    this.entry.record[at] = this.lo
    this.entry.record[at + 1] = this.hi
  }
}

function clamp16(value: number): number {
  return value >>> 0 > 65_535 ? 65_535 : value
}
