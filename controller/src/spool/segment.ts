import { closeSync, fdatasync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, renameSync, rmSync, write, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { releaseBytes } from '@panoptes/contract/ingest'
import type { PackedBatch } from '../batch/index.ts'
import { decodeFrame, encodeFrame } from './frame.ts'
import { appendIndex, type IndexLine, writeIndex } from './index-lines.ts'

const writeAt = promisify(write)
const sync = promisify(fdatasync)

/** What is remembered of each batch of a segment, in memory. */
export interface Item {
  offset: number
  length: number
  rows: number
  sha256: string
  sealed: number
}

/**
 * A file of batches that follow each other: `<epoch>-<seq of the first>.seg`, and beside it an index (`.idx`)
 * that outlives it, so that it is known what was lost with it. Epoch and sequence lie in the name alone.
 */
export class Segment {
  dir: string
  epoch: number
  first: number
  readonly items: Item[] = []
  bytes = 0
  private fd: number

  constructor(dir: string, epoch: number, first: number, flags: 'r+' | 'ax+') {
    this.dir = dir
    this.epoch = epoch
    this.first = first
    this.fd = openSync(this.path('seg'), flags)
  }

  static nameOf(epoch: number, first: number): string {
    return `${String(epoch).padStart(14, '0')}-${String(first).padStart(12, '0')}`
  }

  path(extension: string): string {
    return join(this.dir, `${Segment.nameOf(this.epoch, this.first)}.${extension}`)
  }

  /** Copies the batches with these places of another segment to a new one, which begins where the first of them stood. */
  static copy(from: Segment, places: number[], lines: readonly IndexLine[]): Segment {
    const start = places[0]!
    const base = join(from.dir, Segment.nameOf(from.epoch, from.first + start))
    const frames = places.flatMap((i) => {
      const batch = from.read(from.first + i)
      return batch ? [batch] : []
    })
    writeFileSync(`${base}.seg.tmp`, Buffer.concat(frames.map((b, i) => encodeFrame(i, b))), { flush: true })
    writeIndex(
      `${base}.idx`,
      lines.filter((l) => places.includes(l.index)).map((l) => ({ ...l, index: places.indexOf(l.index) })),
    )
    renameSync(`${base}.seg.tmp`, `${base}.seg`)
    const copy = new Segment(from.dir, from.epoch, from.first + start, 'r+')
    let at = 0
    frames.forEach(({ meta }, i) => {
      const { length } = from.items[places[i]!]!
      copy.items.push({ offset: at, length, rows: meta.rows, sha256: meta.sha256, sealed: meta.sealed })
      at += length
    })
    copy.bytes = at
    return copy
  }

  /** Sequence number after the last batch. */
  get end(): number {
    return this.first + this.items.length
  }

  /** Appends a batch; once this resolves it survives a power cut. On failure the file is as it was before. */
  async append(batch: PackedBatch): Promise<void> {
    const { meta } = batch
    const frame = encodeFrame(this.items.length, batch)
    try {
      let done = 0
      while (done < frame.length) done += (await writeAt(this.fd, frame, done, frame.length - done, this.bytes + done)).bytesWritten
      await sync(this.fd)
    } catch (error) {
      ftruncateSync(this.fd, this.bytes)
      throw error
    }
    const line: IndexLine = { index: this.items.length, rows: meta.rows, from: meta.from, until: meta.until, proxies: meta.proxies }
    this.items.push({ offset: this.bytes, length: frame.length, rows: meta.rows, sha256: meta.sha256, sealed: meta.sealed })
    this.bytes += frame.length
    releaseBytes(frame)
    this.note(line)
  }

  /** The index is a help, not the truth: a full disk must not stop the batch that is already safe. */
  private note(line: IndexLine): void {
    try {
      appendIndex(this.path('idx'), line)
    } catch {
      // without its line a lost batch would be reported as of unknown size
    }
  }

  /** Reads a batch back; undefined where its bytes have changed since. */
  read(seq: number): PackedBatch | undefined {
    const item = this.items[seq - this.first]
    if (!item) return undefined
    const frame = Buffer.allocUnsafe(item.length)
    const got = readSync(this.fd, frame, 0, item.length, item.offset)
    return got === item.length ? decodeFrame(frame)?.batch : undefined
  }

  /** Forgets everything from byte `at` on. */
  truncate(at: number): void {
    ftruncateSync(this.fd, at)
    fsyncSync(this.fd)
    this.bytes = at
  }

  /** Gives the segment another place in the sequence. */
  rename(epoch: number, first: number): void {
    const [seg, idx] = [this.path('seg'), this.path('idx')]
    this.epoch = epoch
    this.first = first
    renameSync(seg, this.path('seg'))
    try {
      renameSync(idx, this.path('idx'))
    } catch {
      // an index may be missing
    }
  }

  readAll(): Buffer {
    return readFileSync(this.path('seg'))
  }

  close(): void {
    closeSync(this.fd)
  }

  /** Removes the file; its index too, unless it is kept under another ending to tell what was lost. */
  remove(keepIndexAs?: string): void {
    this.close()
    if (keepIndexAs) {
      try {
        renameSync(this.path('idx'), this.path(keepIndexAs))
      } catch {
        // nothing is known of its batches, then
      }
    } else rmSync(this.path('idx'), { force: true })
    rmSync(this.path('seg'), { force: true })
  }
}
