import { type Interner, InternerFull } from '../../batch/index.ts'
import { type ProxyIdentity, type ProxyRegistry, readProxy } from '../enrich/index.ts'
import type { Peer } from '../grpc/index.ts'
import { SourceStream } from '../stream.ts'
import { WireError } from '../wire/index.ts'
import type { AccessWriter } from '../writer.ts'
import { LogDecoder } from './decoder.ts'

const maxStreams = 10_000

export interface OtlpReceiverOptions {
  interner: Interner
  writer: AccessWriter
  registry: ProxyRegistry
  /** Seals what is open and clears the interner, when it is full. */
  restart: () => void
  /** Told of what each proxy has sent. */
  seen: (stream: SourceStream, entries: number) => void
  /** True where nothing must be taken from a proxy, which is told. */
  refuses?: (stream: SourceStream) => boolean
}

export interface OtlpOutcome {
  entries: number
  error?: WireError
}

/**
 * Reads ExportLogsServiceRequests. OTLP has no streams: a record's proxy is its resource's `node_name`, and what Istio's
 * ALS would tell in node metadata comes in the attributes `self.*`.
 */
export class OtlpReceiver {
  private readonly decoder: LogDecoder
  private readonly options: OtlpReceiverOptions
  private readonly streams = new Map<string, SourceStream>()

  constructor(options: OtlpReceiverOptions) {
    this.options = options
    this.decoder = new LogDecoder(options.interner)
  }

  /** Takes one request. Records before the first malformed byte are written; it never throws for bytes. */
  message(bytes: Uint8Array, peer: Peer): OtlpOutcome {
    const outcome: OtlpOutcome = { entries: 0 }
    const d = this.decoder
    d.load(bytes)
    try {
      while (d.p < d.limit) {
        const tag = d.tag()
        if (tag === 10) this.resourceLogs(d.size(Number.MAX_SAFE_INTEGER), peer, outcome)
        else d.skip(tag, d.limit)
      }
      d.finish(d.limit)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      outcome.error = error
    }
    return outcome
  }

  private resourceLogs(end: number, peer: Peer, outcome: OtlpOutcome): void {
    const d = this.decoder
    const whole = Math.min(end, d.limit)
    const resource = new Map<string, string>()
    while (d.p < whole) {
      const tag = d.tag()
      if (tag === 10) this.guarded(() => d.resource(d.size(whole), resource))
      else if (tag === 18) this.scopeLogs(d.size(Number.MAX_SAFE_INTEGER), peer, resource, outcome)
      else d.skip(tag, whole)
    }
    d.finish(end)
  }

  private scopeLogs(end: number, peer: Peer, resource: Map<string, string>, outcome: OtlpOutcome): void {
    const d = this.decoder
    const whole = Math.min(end, d.limit)
    while (d.p < whole) {
      const tag = d.tag()
      if (tag === 10) this.guarded(() => d.scope(d.size(whole)))
      else if (tag === 18) {
        const stop = d.size(whole)
        this.guarded(() => this.record(stop, peer, resource))
        outcome.entries++
      } else d.skip(tag, whole)
    }
    d.finish(end)
  }

  private record(end: number, peer: Peer, resource: Map<string, string>): void {
    const d = this.decoder
    d.record(end)
    const stream = this.stream(peer, resource)
    if (this.options.refuses?.(stream)) return
    this.options.writer.write(d.entry, d, stream)
    this.options.seen(stream, 1)
  }

  /** Does it again with an empty interner, when the interner is full. */
  private guarded(work: () => void): void {
    const start = this.decoder.p
    try {
      work()
    } catch (error) {
      if (!(error instanceof InternerFull)) throw error
      this.options.restart()
      this.decoder.p = start
      try {
        work()
      } catch (again) {
        if (again instanceof InternerFull) this.decoder.fail('too-many-strings')
        throw again
      }
    }
  }

  private stream(peer: Peer, resource: Map<string, string>): SourceStream {
    const { interner, registry } = this.options
    const node = resource.get('node_name') ?? resource.get('service.instance.id') ?? ''
    const log = resource.get('log_name') ?? ''
    const metadata: Record<string, unknown> = {}
    const labels: Record<string, string> = {}
    for (const [key, id] of this.decoder.self) {
      if (key.startsWith('label:')) labels[key.slice(6)] = interner.text(id)
      else metadata[key] = interner.text(id)
    }
    const key = JSON.stringify([node, log, peer, metadata, labels, registry.version])
    let stream = this.streams.get(key)
    if (!stream) {
      if (this.streams.size >= maxStreams) this.streams.clear()
      stream = new SourceStream('otlp', peer.auth, peer.spiffe)
      const [name, namespace] = node.split('~')[2]?.split('.') ?? []
      const said = readProxy(node, { NAME: name, NAMESPACE: namespace, ...metadata, LABELS: labels }, '')
      // what the attributes do not say, the proxy may have said elsewhere: its metrics sink sends its metadata
      const proxy = merge(said, registry.byId(node))
      stream.identify(proxy, log)
      if (this.decoder.self.size > 0 && stream.auth !== 'contradicted') registry.learn(proxy)
      this.streams.set(key, stream)
    }
    return stream
  }
}

/** What is said, and where nothing is, what is known. */
function merge(said: ProxyIdentity, known: ProxyIdentity | undefined): ProxyIdentity {
  if (!known) return said
  const told = Object.entries(said).filter(([, value]) => value !== '' && (value as readonly string[]).length > 0)
  return { ...known, ...Object.fromEntries(told) }
}
