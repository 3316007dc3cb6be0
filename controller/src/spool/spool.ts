import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { releaseBytes, type SpoolState, type StreamName, type StreamPosition, streamNames } from '@panoptes/contract/ingest'
import { type PackedBatch, packBatch, type RawBatch } from '../batch/index.ts'
import { Epochs } from './epochs.ts'
import { DamagedBatch, type Ready, StreamLog } from './log.ts'
import type { Loss } from './missing.ts'

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

/** Lanes of a stream in which batches are sent at once: what comes now, and what had to wait. */
export type LaneName = 'live' | 'backlog'
export const laneNames = ['live', 'backlog'] as const satisfies LaneName[]

/** Bytes of batches that go to the server in one message, one batch at least: what has gathered costs the record one insert. */
const sentAtOnce = 4 * 1024 * 1024

/** A stream of which more batches wait when the server comes back begins a new lane, so that the newest need not wait for them. */
const backlogAbove = 8
/** Lanes that one stream may have: after the next outage while it still catches up there is one more. */
const mostLanes = 32

/**
 * Batches on their way to the server, on disk: the lanes of each stream, bounded together in bytes and age. The last lane
 * takes what comes, under an epoch of its own; those before it, one for each outage, are sent out and removed, oldest
 * first. One thing happens at a time, so that nothing is renamed or dropped while it is written.
 */
export class Spool {
  private readonly options: SpoolOptions
  private readonly root: string
  private readonly segmentBytes: number
  private readonly epochs: Epochs
  private readonly lanes: Record<StreamName, StreamLog[]>
  private tail: Promise<void> = Promise.resolve()
  private queued = 0
  private closing = false
  private hindered = ''
  private readonly dropped: Record<string, number> = {}
  private listeners: (() => void)[] = []

  constructor(options: SpoolOptions) {
    this.options = options
    this.root = join(options.dir, 'spool')
    mkdirSync(this.root, { recursive: true })
    this.segmentBytes = Math.max(64 * 1024, Math.min(32 * 1024 * 1024, Math.floor(options.maxBytes / 8)))
    this.epochs = new Epochs(options.now)
    this.lanes = Object.fromEntries(streamNames.map((stream) => [stream, this.openLanes(stream)])) as Record<StreamName, StreamLog[]>
  }

  /** Backlogs lie in folders named `<stream>.<epoch that came after them>`, the live lane in `<stream>`. */
  private openLanes(stream: StreamName): StreamLog[] {
    const old = readdirSync(this.root).filter((name) => name.startsWith(`${stream}.`))
    return [...old.sort(), stream].map((name) => this.open(name))
  }

  private open(name: string): StreamLog {
    return new StreamLog(join(this.root, name), this.epochs, this.segmentBytes)
  }

  private get all(): StreamLog[] {
    return streamNames.flatMap((stream) => this.lanes[stream])
  }

  /** True while more batches wait to be written than should: read no more. */
  get pressed(): boolean {
    return this.queued >= maxQueue
  }

  get bytes(): number {
    return this.all.reduce((sum, lane) => sum + lane.bytes, 0)
  }

  /** Calls back whenever a batch was written, or could be sent. */
  onChange(listener: () => void): void {
    this.listeners.push(listener)
  }

  /** Takes a batch. Resolves once it is held on disk, or has been dropped by the policy and counted. */
  submit(raw: RawBatch): Promise<void> {
    const packing = packBatch(raw, this.options.now())
    packing.catch(() => undefined)
    return this.submitPacked(packing)
  }

  /** The same for a batch that is packed already. */
  async submitPacked(packing: PackedBatch | Promise<PackedBatch>): Promise<void> {
    this.queued++
    try {
      await this.locked(async () => this.store(await packing))
    } finally {
      this.queued--
      for (const listener of this.listeners) listener()
    }
  }

  /** Whether a batch with this checksum waits here, or was the last of its lane that the server took. */
  holds(stream: StreamName, sha256: string): Promise<boolean> {
    return this.locked(async () => this.lanes[stream].some((lane) => lane.holds(sha256)))
  }

  /** The batches of a lane that go next, about `most` bytes of them; none where nothing waits, or `resume` must come first. */
  next(stream: StreamName, lane: LaneName = 'live', most = sentAtOnce): Promise<Ready[]> {
    return this.locked(async () => {
      if (lane === 'backlog') this.finish(stream)
      const log = this.lane(stream, lane)
      if (!log?.continuous) return []
      try {
        return log.next(most)
      } catch (error) {
        if (!(error instanceof DamagedBatch)) throw error
        this.lose(stream, log.setAside())
        return log.next(most)
      }
    })
  }

  /** True where as much of a lane waits as goes in one message. */
  fills(stream: StreamName, lane: LaneName): boolean {
    return this.lane(stream, lane)?.waits(sentAtOnce) ?? false
  }

  /** False where a stream has a hole and the server's position is needed before it goes on. */
  continuous(stream: StreamName): boolean {
    return this.lanes[stream].every((log) => log.continuous)
  }

  acknowledge(stream: StreamName, to: StreamPosition, lane: LaneName = 'live'): Promise<void> {
    return this.locked(async () => this.lane(stream, lane)?.acknowledge(to))
  }

  /** Sets a batch aside that the server refuses for good. */
  refuse(stream: StreamName, lane: LaneName = 'live'): Promise<void> {
    return this.locked(async () => {
      const log = this.lane(stream, lane)
      if (log) this.lose(stream, log.setAside('spool-damaged'))
    })
  }

  /**
   * Takes the server's word where each epoch of each stream stands, newest first, and reports what is missing. Where much
   * waits, what comes from now on gets a lane of its own.
   */
  resume(positions: Partial<Record<StreamName, StreamPosition[]>>): Promise<void> {
    return this.locked(async () => {
      for (const stream of streamNames) {
        const known = positions[stream] ?? []
        for (const { epoch } of known) this.epochs.saw(epoch)
        for (const log of this.lanes[stream]) {
          for (const loss of log.resume(log.own(known))) this.lose(stream, loss)
          log.settle()
        }
        this.finish(stream)
        this.part(stream)
      }
    })
  }

  private lane(stream: StreamName, lane: LaneName): StreamLog | undefined {
    const lanes = this.lanes[stream]
    return lane === 'live' ? lanes.at(-1) : lanes.length > 1 ? lanes[0] : undefined
  }

  /** Lets a backlog that waits become a lane of its own. */
  private part(stream: StreamName): void {
    const lanes = this.lanes[stream]
    const live = lanes.at(-1)!
    if (live.waiting <= backlogAbove || lanes.length >= mostLanes) return
    live.move(join(this.root, `${stream}.${String(this.epochs.next()).padStart(14, '0')}`))
    lanes.push(this.open(stream))
  }

  /** Removes backlogs of which nothing waits any more. */
  private finish(stream: StreamName): void {
    const lanes = this.lanes[stream]
    while (lanes.length > 1 && lanes[0]!.waiting === 0) for (const loss of lanes.shift()!.finish()) this.lose(stream, loss)
  }

  /** Drops what is too old; to be called now and then. */
  expire(): Promise<void> {
    return this.locked(async () => {
      const before = this.options.now() - this.options.maxAge
      for (const lane of this.all) while (lane.dropOldest('age', before));
    })
  }

  state(): SpoolState {
    const oldest = Math.min(...this.all.map((lane) => lane.oldest ?? Number.POSITIVE_INFINITY))
    return {
      bytes: this.bytes,
      maxBytes: this.options.maxBytes,
      batches: this.waiting,
      oldest: Number.isFinite(oldest) ? new Date(oldest).toISOString() : null,
      dropped: { ...this.dropped },
      trouble: this.hindered,
    }
  }

  /** Batches that wait for the server. */
  get waiting(): number {
    return this.all.reduce((sum, lane) => sum + lane.waiting, 0)
  }

  /** Resolves once everything submitted so far is held, or dropped and counted. */
  settled(): Promise<void> {
    return this.locked(async () => undefined)
  }

  async close(): Promise<void> {
    this.closing = true
    await this.locked(async () => {
      for (const lane of this.all) lane.close()
    })
  }

  private async store(batch: PackedBatch): Promise<void> {
    const { stream } = batch.meta
    if (stream !== 'gaps' && !this.makeRoom(stream, batch)) return
    for (;;) {
      try {
        await this.lanes[stream].at(-1)!.append(batch)
        releaseBytes(batch.payload)
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
      const { accesses, proxy_counters } = this.lanes
      if (keep === 'newest' && [...accesses, ...proxy_counters].some((lane) => lane.dropOldest('full'))) continue
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
