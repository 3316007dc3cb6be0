import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { BatchHeader, StreamPosition } from '@panoptes/contract/ingest'
import type { PackedBatch } from '../batch/index.ts'
import type { Epochs } from './epochs.ts'
import { readIndex } from './index-lines.ts'
import { type Loss, Missing } from './missing.ts'
import { type Position, readPosition, writePosition } from './position.ts'
import { listFiles, recoverSegments } from './recover.ts'
import { renumber, sentOf, withoutSent } from './renumber.ts'
import { Segment } from './segment.ts'

export interface Ready {
  header: BatchHeader
  payload: Buffer
}

/**
 * One lane of a stream's spool: batches in order, on disk, until the server has them. Epoch and sequence are those under
 * which a batch is sent. They stay as they are while nothing is missing; where something is (dropped, damaged), all that
 * was not yet acknowledged moves to a new epoch, which begins at 1 (`rebase`). Nothing that the server may already hold
 * ever gets a second name: the server's own position decides that first (`resume`).
 */
export class StreamLog {
  dir: string
  private segments: Segment[] = []
  private position: Position
  private readonly missing = new Missing()
  private readonly epochs: Epochs
  private readonly segmentBytes: number

  constructor(dir: string, epochs: Epochs, segmentBytes: number) {
    this.segmentBytes = segmentBytes
    this.epochs = epochs
    this.dir = dir
    mkdirSync(this.dir, { recursive: true })
    this.segments = recoverSegments(this.dir)
    for (const epoch of this.named()) epochs.saw(epoch)
    this.position = readPosition(this.dir) ?? this.begun()
    epochs.saw(this.position.epoch)
  }

  get bytes(): number {
    return this.segments.reduce((sum, s) => sum + s.bytes, 0)
  }

  /** Batches that wait for the server. */
  get waiting(): number {
    return this.segments.reduce((sum, s) => sum + s.items.length, 0) - this.sent()
  }

  /** True where at least so many bytes wait. */
  waits(bytes: number): boolean {
    let sum = 0
    for (const s of this.segments)
      for (let i = sentOf(s, this.position); i < s.items.length; i++) {
        sum += s.items[i]!.length
        if (sum >= bytes) return true
      }
    return false
  }

  /** When the oldest batch that waits was sealed; undefined where none waits. */
  get oldest(): number | undefined {
    for (const s of this.segments) {
      const from = s.epoch === this.position.epoch ? Math.max(0, this.position.seq + 1 - s.first) : 0
      const item = s.items[from]
      if (item) return item.sealed
    }
    return undefined
  }

  get segmentCount(): number {
    return this.segments.length
  }

  /** Adds a batch behind all others; once this resolves it is held. */
  async append(batch: PackedBatch): Promise<void> {
    let active = this.segments.at(-1)
    if (!active || active.bytes > this.segmentBytes || this.fresh !== active) active = this.begin()
    await active.append(batch)
    this.given!.seq = active.end - 1
  }

  /** The segment that this process has begun: older ones are only read. */
  private fresh: Segment | undefined
  /** The name given last: each process writes under an epoch of its own, so that no name is given twice, whatever the files have lost. */
  private given: StreamPosition | undefined

  private begin(): Segment {
    this.given ??= { epoch: this.epochs.next(), seq: 0 }
    const segment = new Segment(this.dir, this.given.epoch, this.given.seq + 1, 'ax+')
    this.segments.push(segment)
    this.fresh = segment
    syncDir(this.dir)
    return segment
  }

  /** Epochs of the files that lie here. */
  private named(): number[] {
    return listFiles(this.dir).map(({ epoch }) => epoch)
  }

  /** Of the server's positions, newest first, the one that is about this lane. */
  own(positions: readonly StreamPosition[]): StreamPosition | undefined {
    const mine = new Set([this.position.epoch, ...this.named()])
    return positions.find(({ epoch }) => mine.has(epoch))
  }

  /** Gives the lane another folder, so that a new one can begin where it lay. */
  move(dir: string): void {
    writePosition(this.dir, this.position)
    renameSync(this.dir, dir)
    this.dir = dir
    for (const s of this.segments) s.dir = dir
    syncDir(dirname(dir))
  }

  /** Ends a lane of which nothing waits: answers what is missing of it for good, and removes it. */
  finish(): Loss[] {
    const losses = this.missing.collect(this.dir, this.segments, this.position)
    this.close()
    rmSync(this.dir, { recursive: true, force: true })
    return losses
  }

  /**
   * Learns where the server stands: what it has is let go, and where the rest does not follow it, the rest is renamed.
   * Answers what is missing for good.
   */
  resume(server: StreamPosition | undefined): Loss[] {
    if (server && (server.epoch > this.position.epoch || (server.epoch === this.position.epoch && server.seq > this.position.seq))) {
      this.acknowledge(server)
    }
    const losses = this.missing.collect(this.dir, this.segments, this.position)
    const forgotten = this.forgotten(server)
    if (forgotten > 0) losses.push({ reason: 'tail-unknown', lines: [], batches: forgotten })
    if (forgotten > 0 || !this.continuous) this.rebase()
    return losses
  }

  /** The batches after those acknowledged, of one epoch, about `most` bytes but at least one. Throws where the first one's bytes are damaged. */
  next(most: number): Ready[] {
    const ready: Ready[] = []
    let bytes = 0
    for (const segment of this.segments) {
      if (ready.length > 0 && segment.epoch !== ready[0]!.header.epoch) break
      const from = segment.epoch === this.position.epoch ? Math.max(segment.first, this.position.seq + 1) : segment.first
      for (let seq = from; seq < segment.end; seq++) {
        const { length } = segment.items[seq - segment.first]!
        if (ready.length > 0 && bytes + length > most) return ready
        const batch = segment.read(seq)
        if (!batch && ready.length > 0) return ready
        if (!batch) throw new DamagedBatch(segment.epoch, seq)
        const { schema, stream, day, rows, rawBytes, sha256 } = batch.meta
        const prev = seq === 1 ? '' : this.before(segment, seq)
        ready.push({ header: { schema, stream, day, epoch: segment.epoch, seq, rows, rawBytes, sha256, prev }, payload: batch.payload })
        bytes += length
      }
    }
    return ready
  }

  /** Whether a batch with this checksum waits, or was acknowledged last. */
  holds(sha256: string): boolean {
    return this.position.sha256 === sha256 || this.segments.some((s) => s.items.some((item) => item.sha256 === sha256))
  }

  /** Lets go of everything up to a batch that the server has. */
  acknowledge(to: StreamPosition): void {
    let sha256 = ''
    for (const s of this.segments) if (s.epoch === to.epoch && to.seq >= s.first && to.seq < s.end) sha256 = s.items[to.seq - s.first]!.sha256
    this.position = { epoch: to.epoch, seq: to.seq, sha256 }
    const done = this.segments.filter((s) => s.epoch < to.epoch || (s.epoch === to.epoch && s.end - 1 <= to.seq))
    const full = done.filter((s) => s !== this.fresh || s.bytes > this.segmentBytes)
    if (full.length === 0) return
    writePosition(this.dir, this.position)
    for (const s of full) {
      s.remove()
      if (s === this.fresh) this.fresh = undefined
    }
    this.segments = this.segments.filter((s) => !full.includes(s))
  }

  /** Removes the batch that waits first, which the server refuses or whose bytes are damaged; later ones get a new epoch. */
  setAside(reason: Loss['reason'] = 'spool-damaged'): Loss {
    const segment = this.segments.find((s) => s.epoch !== this.position.epoch || s.end > this.position.seq + 1)!
    const seq = segment.epoch === this.position.epoch ? Math.max(segment.first, this.position.seq + 1) : segment.first
    const line = readIndex(segment.path('idx')).find(({ index }) => index === seq - segment.first)
    this.position = { epoch: segment.epoch, seq, sha256: '' }
    this.rebase()
    return { reason, lines: line ? [line] : [], batches: 1 }
  }

  /** Drops the oldest segment; its index stays, to tell what was lost. Answers false where there is none to drop. */
  dropOldest(extension: 'full' | 'age', sealedBefore = Number.POSITIVE_INFINITY): boolean {
    const segment = this.segments[0]
    if (!segment || segment.items.length === 0 || segment.items.at(-1)!.sealed > sealedBefore) return false
    if (segment === this.fresh) this.fresh = undefined
    segment.remove(extension)
    this.segments.shift()
    return true
  }

  close(): void {
    writePosition(this.dir, this.position)
    for (const s of this.segments) s.close()
    this.segments = []
  }

  private before(segment: Segment, seq: number): string {
    if (seq > segment.first) return segment.items[seq - 1 - segment.first]!.sha256
    if (this.position.epoch === segment.epoch && this.position.seq === seq - 1 && this.position.sha256 !== '') return this.position.sha256
    const previous = this.segments[this.segments.indexOf(segment) - 1]
    return previous?.items.at(-1)?.sha256 ?? ''
  }

  /** True where the next batch can be sent as the one after those acknowledged. */
  get continuous(): boolean {
    let { epoch, seq } = this.position
    if (seq > 0 && this.position.sha256 === '') return false
    for (const s of this.segments) {
      if (s.items.length === 0 || (s.epoch === epoch && s.end <= seq + 1)) continue
      if (s.epoch === epoch ? s.first > seq + 1 : s.epoch < epoch || s.first !== 1) return false
      epoch = s.epoch
      seq = s.end - 1
    }
    return true
  }

  /** True where the server knows less than it has acknowledged: it is a new one, or was restored from a backup. */
  private forgotten(server: StreamPosition | undefined): number {
    const { epoch, seq } = this.position
    if (seq === 0) return 0
    if (!server || server.epoch < epoch) return seq
    return server.epoch === epoch && server.seq < seq ? seq - server.seq : 0
  }

  /** Gives all that waits a new epoch. */
  private rebase(): void {
    const epoch = this.epochs.next()
    this.segments = this.segments.flatMap((s) => withoutSent(s, this.position))
    renumber(this.segments, epoch)
    this.given = { epoch, seq: this.segments.reduce((sum, s) => sum + s.items.length, 0) }
    this.position = { epoch, seq: 0, sha256: '' }
    this.fresh = undefined
    writePosition(this.dir, this.position)
    syncDir(this.dir)
  }

  private sent(): number {
    return this.segments.reduce((sum, s) => sum + sentOf(s, this.position), 0)
  }

  /** To be called once the losses are written down elsewhere. */
  settle(): void {
    this.missing.settle()
  }

  /** Where no position can be read, all that lies here may wait: the server's word will tell (`resume`). */
  private begun(): Position {
    const first = this.segments[0]
    const position = { epoch: first?.epoch ?? this.epochs.next(), seq: (first?.first ?? 1) - 1, sha256: '' }
    writePosition(this.dir, position)
    return position
  }
}

/** A batch in the middle of the spool whose bytes have changed since they were written. */
export class DamagedBatch extends Error {
  constructor(epoch: number, seq: number) {
    super(`batch ${epoch}/${seq} in the spool is damaged`)
    this.name = 'DamagedBatch'
  }
}

function syncDir(dir: string): void {
  const fd = openSync(dir, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
