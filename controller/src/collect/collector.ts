import type { Logger } from 'pino'
import { AccessBatcher, type Finisher, Interner, type RawBatch, TableBatcher } from '../batch/index.ts'
import type { Gaps } from '../gaps.ts'
import { AlsReceiver } from './als/index.ts'
import { BadMessages } from './bad.ts'
import { ProxyRegistry } from './enrich/index.ts'
import type { Peer } from './grpc/index.ts'
import { type MethodParts, takeOtlp } from './methods.ts'
import { MetricsReceiver } from './metrics/index.ts'
import { OtlpReceiver } from './otlp/index.ts'
import { Sources } from './sources.ts'
import type { SourceStream } from './stream.ts'
import { AccessWriter } from './writer.ts'

export interface CollectorOptions {
  data: string
  keepQuery: boolean
  /** Whether telemetry of a proxy that is not who its certificate says is taken, and marked, or refused. */
  contradictions: 'mark' | 'refuse'
  now: () => number
  gaps: Gaps
  log: Logger
  /** Takes a sealed batch; resolves once it is held. */
  submit: (raw: RawBatch) => Promise<void>
}

/** How long rows of an OTLP request wait for others before they are sealed, so that it can be answered. */
const patience = 200

/** All receivers, and the batches that they fill. */
export class Collector {
  readonly sources: Sources
  readonly parts: MethodParts
  private readonly batcher: AccessBatcher
  private readonly counters: TableBatcher
  private readonly pending = new Set<Promise<void>>()
  private waiting: { since: number; done: () => void }[] = []
  private readonly now: () => number

  constructor({ data, keepQuery, contradictions, now, gaps, log, submit }: CollectorOptions) {
    this.now = now
    const send = (raw: RawBatch): void => {
      const held = submit(raw)
      this.pending.add(held)
      void held.finally(() => this.pending.delete(held))
    }
    const interner = new Interner()
    const registry = new ProxyRegistry()
    this.sources = new Sources(now)
    this.batcher = new AccessBatcher(interner, send, now)
    this.counters = new TableBatcher('proxy_counters', send)
    const writer = new AccessWriter(interner, this.batcher, registry, { keepQuery, now })
    const restart = (): void => this.batcher.restart()
    const refuses = (stream: SourceStream): boolean => {
      if (contradictions === 'mark' || stream.auth !== 'contradicted') return false
      gaps.add(stream.kind === 'metrics' ? 'proxy_counters' : 'accesses', stream.proxy.id, 'contradicted', 0, `refused: ${stream.contradiction}`, true)
      return true
    }
    const seen = (stream: Parameters<Sources['message']>[0], entries: number): void => this.sources.message(stream, entries)
    this.parts = {
      als: new AlsReceiver({ interner, writer, registry, restart, refuses }),
      metrics: new MetricsReceiver(registry, now),
      otlp: new OtlpReceiver({ interner, writer, registry, restart, seen, refuses }),
      counters: this.counters,
      sources: this.sources,
      bad: new BadMessages(data),
      gaps,
      log,
      refuses,
      held: () => new Promise((done) => this.waiting.push({ since: now(), done })),
    }
  }

  /** Has accesses looked at before they leave. */
  finishBy(finisher: Finisher): void {
    this.batcher.finishBy(finisher)
  }

  /** Takes an OTLP request that came over HTTP; resolves once its rows are held. */
  async otlp(bytes: Buffer, peer: Peer): Promise<void> {
    const error = takeOtlp(this.parts, bytes, peer)
    await this.parts.held()
    if (error) throw error
  }

  /** To be called ten times a second: seals what has waited long enough. */
  tick(): void {
    this.batcher.sealDue()
    const due = this.now() - patience
    if (this.waiting.some((w) => w.since <= due)) this.sealAll()
  }

  /** Seals the counters; to be called once a second. */
  flushCounters(): void {
    this.counters.flush()
  }

  /** Seals everything; those who wait for their rows are answered once they are held. */
  sealAll(): void {
    const waiting = this.waiting
    this.waiting = []
    this.batcher.sealAll()
    void Promise.allSettled(this.pending).then(() => {
      for (const { done } of waiting) done()
    })
  }
}
