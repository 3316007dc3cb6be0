import type { StreamPosition } from '@panoptes/contract/ingest'
import { readIndex } from './index-lines.ts'
import { Segment } from './segment.ts'

/** How many batches of a segment the server has. */
export function sentOf(segment: Segment, { epoch, seq }: StreamPosition): number {
  return segment.epoch === epoch ? Math.max(0, Math.min(segment.items.length, seq + 1 - segment.first)) : 0
}

/**
 * Numbers the batches of segments from 1, in a new epoch. The newest segment is renamed first: should the process die on
 * the way, an epoch lower than the server's holds only what the server has.
 */
export function renumber(segments: readonly Segment[], epoch: number): void {
  let seq = segments.reduce((sum, s) => sum + s.items.length, 0) + 1
  for (const s of [...segments].reverse()) {
    seq -= s.items.length
    s.rename(epoch, seq)
  }
}

/** A segment whose first batches the server has is cut, so that it can get a new name; none is left where it has all. */
export function withoutSent(segment: Segment, position: StreamPosition): Segment[] {
  const sent = sentOf(segment, position)
  if (sent === 0) return [segment]
  const rest = segment.items.map((_, i) => i).slice(sent)
  const copy = rest.length > 0 ? [Segment.copy(segment, rest, readIndex(segment.path('idx')))] : []
  segment.remove()
  return copy
}
