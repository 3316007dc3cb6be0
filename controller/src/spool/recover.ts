import { copyFileSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { decodeFrame, encodeFrame, findFrame, frameHead, readHead } from './frame.ts'
import { type IndexLine, readIndex, writeIndex } from './index-lines.ts'
import { type Item, Segment } from './segment.ts'

const named = /^(\d{14})-(\d{12})\.(seg|idx|lost|full|age)$/

export interface Named {
  epoch: number
  first: number
  extension: string
}

/** The files of a stream's folder that belong to its segments, in the order in which batches are sent. */
export function listFiles(dir: string): Named[] {
  return readdirSync(dir)
    .flatMap((file) => {
      const found = named.exec(file)
      return found ? [{ epoch: Number(found[1]), first: Number(found[2]), extension: found[3]! }] : []
    })
    .sort((a, b) => a.epoch - b.epoch || a.first - b.first)
}

/** A whole frame found in a damaged file. */
interface Found {
  index: number
  bytes: Buffer
}

/**
 * Opens the segments of a folder after a stop of whatever kind. A frame that was cut off before it was synced is
 * removed without a word, since nobody was told that it is held. A file with damage further in is set aside whole
 * (`damaged/`), what can still be read of it goes on in new segments, and its index stays behind (`.lost`) where batches
 * are gone. Answers the segments in order; holes in their sequence are for the caller to see.
 */
export function recoverSegments(dir: string): Segment[] {
  const files = listFiles(dir)
  const segments: Segment[] = []
  const segs = files.filter((f) => f.extension === 'seg')
  for (const [i, { epoch, first }] of segs.entries()) {
    const next = segs[i + 1]
    const limit = next && next.epoch === epoch ? next.first - first : Number.POSITIVE_INFINITY
    segments.push(...openSegment(dir, epoch, first, limit))
  }
  for (const { epoch, first, extension } of files) {
    // an index without its segment: the segment is missing
    if (extension === 'idx' && !segs.some((s) => s.epoch === epoch && s.first === first)) {
      const path = join(dir, Segment.nameOf(epoch, first))
      renameSync(`${path}.idx`, `${path}.lost`)
    }
  }
  return segments.filter((s) => s.items.length > 0 || discard(s))
}

function discard(segment: Segment): boolean {
  segment.remove()
  return false
}

function openSegment(dir: string, epoch: number, first: number, limit: number): Segment[] {
  const segment = new Segment(dir, epoch, first, 'r+')
  const bytes = segment.readAll()
  const stop = load(segment, bytes)
  const lines = readIndex(segment.path('idx'))
  const later = stop === bytes.length ? [] : framesAfter(bytes, stop + 1).filter((f) => f.index >= segment.items.length && f.index < limit)
  const kept = new Set(later.map((f) => f.index))
  const lost = lines.filter((l) => l.index >= segment.items.length && l.index < limit && !kept.has(l.index))
  // A batch gets its line right after it is written: where more are wanting, the tail may have lost batches that nobody can name.
  const nameless = later.length === 0 && lost.length === 0 && lines.length < segment.items.length - 1
  if (later.length > 0 || lost.length > 0 || nameless) setAside(segment)
  const tail = runs(later).map((run) => rewrite(dir, epoch, first, run, lines))
  if (lost.length > 0 || nameless) writeIndex(segment.path('lost'), lost)
  if (stop < bytes.length) segment.truncate(stop)
  if (lost.length > 0 || later.length > 0) writeIndex(segment.path('idx'), lines.slice(0, segment.items.length))
  else if (nameless) writeIndex(segment.path('idx'), segment.items.map(lineOf))
  return [segment, ...tail]
}

/** What the batch itself tells where its line is gone: not whose rows they are. */
function lineOf({ rows, sealed }: Item, index: number): IndexLine {
  return { index, rows, from: sealed * 1000, until: sealed * 1000, proxies: {} }
}

/** Cuts frames into runs whose indexes follow each other. */
function runs(frames: Found[]): Found[][] {
  const out: Found[][] = []
  for (const frame of frames) {
    const last = out.at(-1)
    if (last && last.at(-1)!.index + 1 === frame.index) last.push(frame)
    else out.push([frame])
  }
  return out
}

/** Takes in all frames from the start; answers the byte at which it met something else. */
function load(segment: Segment, bytes: Buffer): number {
  let at = 0
  while (at + frameHead <= bytes.length) {
    const head = readHead(bytes.subarray(at))
    if (!head || at + head.length > bytes.length || head.index !== segment.items.length) break
    const frame = decodeFrame(bytes.subarray(at, at + head.length))
    if (!frame) break
    const { meta } = frame.batch
    segment.items.push({ offset: at, length: head.length, rows: meta.rows, sha256: meta.sha256, sealed: meta.sealed })
    at += head.length
  }
  segment.bytes = at
  return at
}

function framesAfter(bytes: Buffer, from: number): Found[] {
  const found: Found[] = []
  for (let at = findFrame(bytes, from); at >= 0; at = findFrame(bytes, at)) {
    const frame = decodeFrame(bytes.subarray(at))
    if (!frame) {
      at += 1
      continue
    }
    const length = readHead(bytes.subarray(at))!.length
    found.push({ index: frame.index, bytes: bytes.subarray(at, at + length) })
    at += length
  }
  return found
}

/** Writes frames that follow a damage into a segment of their own, which begins where they belong. */
function rewrite(dir: string, epoch: number, first: number, frames: Found[], lines: IndexLine[]): Segment {
  const start = frames[0]!.index
  const path = join(dir, Segment.nameOf(epoch, first + start))
  const own = lines.filter((l) => l.index >= start && l.index < start + frames.length)
  writeIndex(
    `${path}.idx`,
    own.map((l) => ({ ...l, index: l.index - start })),
  )
  const bytes = Buffer.concat(frames.map((f, i) => encodeFrame(i, decodeFrame(f.bytes)!.batch)))
  writeFileSync(`${path}.seg.tmp`, bytes, { flush: true })
  renameSync(`${path}.seg.tmp`, `${path}.seg`)
  const segment = new Segment(dir, epoch, first + start, 'r+')
  load(segment, segment.readAll())
  return segment
}

function setAside(segment: Segment): void {
  const aside = join(dirname(segment.dir), 'damaged')
  mkdirSync(aside, { recursive: true })
  const path = segment.path('seg')
  copyFileSync(path, join(aside, `${basename(segment.dir)}-${Date.now()}-${basename(path)}`))
}
