import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { StreamPosition } from '@panoptes/contract/ingest'
import { type IndexLine, readIndex } from './index-lines.ts'
import { listFiles } from './recover.ts'
import { Segment } from './segment.ts'

/** Batches that are gone although the server never acknowledged them. */
export interface Loss {
  reason: 'spool-full' | 'spool-age' | 'spool-damaged' | 'tail-unknown'
  /** One per batch that is known; empty where only the hole is seen. */
  lines: IndexLine[]
  batches: number
}

const reasons = { full: 'spool-full', age: 'spool-age', lost: 'spool-damaged' } as const

/** Finds what is missing of a lane: index files without their segment tell it (an empty one: nobody knows how much), holes between segments show it. */
export class Missing {
  /** Index files that were told of, and may go once that is written down elsewhere. */
  private told: string[] = []

  /** What is missing behind `position`, the last batch that the server has. */
  collect(dir: string, segments: readonly Segment[], position: StreamPosition): Loss[] {
    const { epoch, seq } = position
    const losses: Loss[] = []
    for (const file of listFiles(dir)) {
      const reason = reasons[file.extension as keyof typeof reasons]
      if (!reason) continue
      const path = join(dir, `${Segment.nameOf(file.epoch, file.first)}.${file.extension}`)
      const lines = file.epoch < epoch ? [] : readIndex(path).filter((l) => file.epoch > epoch || file.first + l.index > seq)
      if (lines.length > 0) losses.push({ reason, lines, batches: lines.length })
      else if (file.epoch >= epoch && statSync(path).size === 0) losses.push({ reason, lines, batches: 1 })
      this.told.push(path)
    }
    const hole = holes(segments, position) - losses.reduce((sum, l) => sum + l.batches, 0)
    if (hole > 0) losses.push({ reason: 'spool-damaged', lines: [], batches: hole })
    return losses
  }

  /** To be called once the losses are written down elsewhere. */
  settle(): void {
    for (const path of this.told) rmSync(path, { force: true })
    this.told = []
  }
}

/** Batches missing between those that wait. */
function holes(segments: readonly Segment[], { epoch, seq }: StreamPosition): number {
  let at = { epoch, seq }
  let missing = 0
  for (const s of segments) {
    missing += Math.max(0, s.first - 1 - (s.epoch === at.epoch ? at.seq : 0))
    at = { epoch: s.epoch, seq: s.end - 1 }
  }
  return missing
}
