import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type SpoolState, type StreamName, type StreamPosition, streamNames } from '@panoptes/contract/ingest'
import { type PackedBatch, packBatch, type RawBatch } from '../batch/index.ts'
import { DamagedBatch, type Loss, type Ready, StreamLog } from './log.ts'

export interface SpoolOptions {
  dir: string
  maxBytes: number
  /** Milliseconds. */
  maxAge: number
  /** What to keep when it is full. */
  keep: 'oldest' | 'newest'
  now: () => number
  /** Told of what is missing for good. */
  lost: (stream: StreamName, loss: Loss) => void
  /** Told when something hinders the spool, and (empty) when it no longer does. */
  trouble: (what: string) => void
}

/** So many batches may wait to be written before the streams are no longer read. */
const maxQueue = 2

/**
 * Batches on their way to the server, on disk: one log per stream, bounded together in bytes and age. One thing happens
 * at a time, so that nothing is renamed or dropped while it is written.
 */
export class Spool {
  private readonly options: SpoolOptions
  private readonly logs: Record<StreamName, StreamLog>
  private tail: Promise<void> = Promise.resolve()
  private queued = 0
  private closing = false
  private hindered = ''
  private readonly dropped: Record<string, number> = {}
  private listeners: (() => void)[] = []

  constructor(options: SpoolOptions) {
    this.options = options
    const root = join(options.dir, 'spool')
    mkdirSync(root, { recursive: true })
    const segmentBytes = Math.max(64 * 1024, Math.min(32 * 1024 * 1024, Math.floor(options.maxBytes / 8)))
    const logs = streamNames.map((stream) => [stream, new StreamLog(root, stream, options.now, segmentBytes)] as const)
    this.logs = Object.fromEntries(logs) as Record<StreamName, StreamLog>
  }

  /** True while more batches wait to be written than should: read no more. */
  get pressed(): boolean {
    return this.queued >= maxQueue
  }

  get bytes(): number {
    return streamNames.reduce((sum, s) => sum + this.logs[s].bytes, 0)
  }

  /** Calls back whenever a batch was written, or could be sent. */
  onChange(listener: () => void): void {
    this.listeners.push(listener)
  }

  /** Takes a batch. Resolves once it is held on disk, or has been dropped by the policy and counted. */
  async submit(raw: RawBatch): Promise<void> {
    this.queued++
    const packing = packBatch(raw, this.options.now())
    packing.catch(() => undefined)
    try {
      await this.locked(async () => this.store(await packing))
    } finally {
      this.queued--
      for (const listener of this.listeners) listener()
    }
  }

  /** The batch of a stream that goes next; undefined where there is none, or `resume` must come first. */
  next(stream: StreamName): Promise<Ready | undefined> {
    return this.locked(async () => {
      const log = this.logs[stream]
      if (!log.continuous) return undefined
      try {
        return log.next()
      } catch (error) {
        if (!(error instanceof DamagedBatch)) throw error
        this.lose(stream, log.setAside())
        return log.next()
      }
    })
  }

  /** False where a stream has a hole and the server's position is needed before it goes on. */
  continuous(stream: StreamName): boolean {
    return this.logs[stream].continuous
  }

  acknowledge(stream: StreamName, to: StreamPosition): Promise<void> {
    return this.locked(async () => this.logs[stream].acknowledge(to))
  }

  /** Sets a batch aside that the server refuses for good. */
  refuse(stream: StreamName): Promise<void> {
    return this.locked(async () => this.lose(stream, this.logs[stream].setAside('spool-damaged')))
  }

  /** Takes the server's word where each stream stands, and reports what is missing. */
  resume(positions: Partial<Record<StreamName, StreamPosition>>): Promise<void> {
    return this.locked(async () => {
      for (const stream of streamNames) {
        const log = this.logs[stream]
        for (const loss of log.resume(positions[stream])) this.lose(stream, loss)
        log.settle()
      }
    })
  }

  /** Drops what is too old; to be called now and then. */
  expire(): Promise<void> {
    return this.locked(async () => {
      const before = this.options.now() - this.options.maxAge
      for (const stream of streamNames) while (this.logs[stream].dropOldest('age', before));
    })
  }

  state(): SpoolState {
    const oldest = Math.min(...streamNames.map((s) => this.logs[s].oldest ?? Number.POSITIVE_INFINITY))
    return {
      bytes: this.bytes,
      maxBytes: this.options.maxBytes,
      batches: streamNames.reduce((sum, s) => sum + this.logs[s].waiting, 0),
      oldest: Number.isFinite(oldest) ? new Date(oldest).toISOString() : null,
      dropped: { ...this.dropped },
      trouble: this.hindered,
    }
  }

  /** Batches that wait for the server. */
  get waiting(): number {
    return streamNames.reduce((sum, s) => sum + this.logs[s].waiting, 0)
  }

  /** Resolves once everything submitted so far is held, or dropped and counted. */
  settled(): Promise<void> {
    return this.locked(async () => undefined)
  }

  async close(): Promise<void> {
    this.closing = true
    await this.locked(async () => {
      for (const stream of streamNames) this.logs[stream].close()
    })
  }

  private async store(batch: PackedBatch): Promise<void> {
    const { stream } = batch.meta
    if (stream !== 'gaps' && !this.makeRoom(stream, batch)) return
    for (;;) {
      try {
        await this.logs[stream].append(batch)
        this.hinder('')
        return
      } catch (error) {
        this.hinder(explain(error))
        if (this.closing) throw error
        await new Promise((done) => setTimeout(done, 1000))
      }
    }
  }

  private makeRoom(stream: StreamName, batch: PackedBatch): boolean {
    const { maxBytes, keep } = this.options
    const need = batch.payload.length
    while (this.bytes + need > maxBytes) {
      if (keep === 'newest' && (this.logs.accesses.dropOldest('full') || this.logs.proxy_counters.dropOldest('full'))) continue
      const { rows, from, until, proxies } = batch.meta
      this.lose(stream, { reason: 'spool-full', lines: [{ index: 0, rows, from, until, proxies }], batches: 1 })
      return false
    }
    return true
  }

  private lose(stream: StreamName, loss: Loss): void {
    this.dropped[loss.reason] = (this.dropped[loss.reason] ?? 0) + loss.lines.reduce((sum, l) => sum + l.rows, 0)
    this.options.lost(stream, loss)
  }

  private hinder(what: string): void {
    if (what === this.hindered) return
    this.hindered = what
    this.options.trouble(what)
  }

  private locked<T>(work: () => Promise<T>): Promise<T> {
    const result = this.tail.then(work)
    this.tail = result.then(
      () => undefined,
      () => undefined,
    )
    return result
  }
}

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'disk full: nothing more can be spooled until there is room' : `spool cannot be written: ${message}`
}
