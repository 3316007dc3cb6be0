import { accessLayout, S } from '../batch/index.ts'

/** The spans of time of an entry, in the order of `Entry.seconds`. */
export const Time = {
  start: 0,
  duration: 1,
  lastRx: 2,
  firstUpTx: 3,
  lastUpTx: 4,
  firstUpRx: 5,
  lastUpRx: 6,
  firstDownTx: 7,
  lastDownTx: 8,
} as const

/** The addresses of an entry, in the order of `Entry.hosts`. */
export const Address = { remote: 0, local: 1, direct: 2, upstreamRemote: 3, upstreamLocal: 4 } as const

/** Key and value pairs of a header map or of the tags; a key that comes twice keeps its last value. */
export class Pairs {
  readonly keys: number[] = []
  readonly starts: number[] = []
  readonly lengths: number[] = []
  count = 0

  set(key: number, start: number, length: number): void {
    let i = 0
    for (; i < this.count; i++) if (this.keys[i] === key) break
    if (i === this.count) this.count++
    this.keys[i] = key
    this.starts[i] = start
    this.lengths[i] = length
  }

  find(key: number): number {
    for (let i = 0; i < this.count; i++) if (this.keys[i] === key) return i
    return -1
  }
}

/**
 * One access while it is being read, whatever wire it came by: columns that need no more thought are already in
 * `record`; the rest waits in fields until the whole entry is known to be good. Positions point into the reader's buffer.
 */
export class Entry {
  readonly record = new Uint32Array(accessLayout.width)
  readonly seconds = new Float64Array(9)
  readonly nanos = new Int32Array(9)
  readonly hosts = new Uint32Array(5)
  readonly ports = new Uint32Array(5)
  readonly reqHeaders = new Pairs()
  readonly respHeaders = new Pairs()
  readonly respTrailers = new Pairs()
  readonly tags = new Pairs()
  tcp = false
  /** An index of `versionNames`. */
  httpVersion = 0
  method = 0
  kind = 0
  tlsVersion = 0
  cipher = 0
  cipherKnown = false
  flags = 0
  unauthorized = 0
  peerCertificate = false
  peerUri = 0
  localUri = 0
  /** Both SPIFFE ids of the upstream connection, where the log format tells them (OTLP, or custom tags). */
  upstreamPeerUri = 0
  upstreamLocalUri = 0
  pathStart = 0
  pathLength = 0
  requestIdStart = 0
  requestIdLength = 0
  streamIdStart = 0
  streamIdLength = 0

  reset(tcp: boolean): void {
    this.record.fill(0)
    this.record[S.grpcStatus] = 0xffffffff
    this.seconds.fill(0)
    this.nanos.fill(0)
    this.hosts.fill(0)
    this.ports.fill(0)
    this.reqHeaders.count = 0
    this.respHeaders.count = 0
    this.respTrailers.count = 0
    this.tags.count = 0
    this.tcp = tcp
    this.httpVersion = 0
    this.method = 0
    this.kind = 0
    this.tlsVersion = 0
    this.cipher = 0
    this.cipherKnown = false
    this.flags = 0
    this.unauthorized = 0
    this.peerCertificate = false
    this.peerUri = 0
    this.localUri = 0
    this.upstreamPeerUri = 0
    this.upstreamLocalUri = 0
    this.pathStart = 0
    this.pathLength = 0
    this.requestIdStart = 0
    this.requestIdLength = 0
    this.streamIdStart = 0
    this.streamIdLength = 0
  }
}
