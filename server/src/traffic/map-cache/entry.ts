import type { Reader } from '../reader.ts'
import type { By } from '../topology-model.ts'
import type { Cells, Spread } from './cells.ts'
import { Groups } from './groups.ts'
import { type LoadRequest, loadCells, loadSpread } from './load.ts'
import { keyOf, type Slot, widthOf } from './slots.ts'

interface Chunk extends Slot {
  cells: Cells
  /** Absent until durations are asked for. */
  spread?: Spread
}

const none = (): Cells => ({
  ...{ group: new Int32Array(), count: new Float64Array(), errors: new Float64Array(), denied: new Float64Array() },
  ...{ mtls: new Float64Array(), reqBytes: new Float64Array(), respBytes: new Float64Array() },
})
const noSpread = (): Spread => ({ group: new Int32Array(), bucket: new Uint8Array(), count: new Float64Array() })

/** The sums of one question in one scope, slot by slot. What has changed is forgotten and asked anew. */
export class Entry {
  readonly groups: Groups
  readonly org: string
  /** Another number after rows came into what is kept. */
  version = 0
  private readonly chunks = new Map<string, Chunk>()
  private queue: Promise<unknown> = Promise.resolve()
  /** What changed while it was being read. */
  private changes: Slot[] | undefined

  constructor(org: string, by: By) {
    this.org = org
    this.groups = new Groups(by)
  }

  /** Numbers that are kept, as a measure of memory. */
  get weight(): number {
    let sum = this.groups.size * 10
    for (const { cells, spread } of this.chunks.values()) sum += cells.group.length * 7 + (spread ? spread.group.length * 2 : 0)
    return sum
  }

  /** Forgets the slots into which rows have come. */
  changed(range: Slot): void {
    this.changes?.push(range)
    for (const [key, chunk] of this.chunks) {
      if (!touches(chunk, range)) continue
      this.chunks.delete(key)
      this.version++
    }
  }

  /** Whether all of these slots are kept: asking for them reads nothing. */
  holds(slots: readonly Slot[]): boolean {
    return slots.every((slot) => this.chunks.has(keyOf(slot)))
  }

  /** Forgets what lies before a moment. */
  forgetBefore(us: number): void {
    for (const [key, chunk] of this.chunks) if (chunk.toUs <= us) this.chunks.delete(key)
  }

  /** The sums of the slots, one reading at a time: who waits finds what the one before has read. */
  read(reader: Reader, request: LoadRequest, slots: readonly Slot[], withSpread: boolean): Promise<{ cells: Cells[]; spreads: Spread[] }> {
    const done = this.queue.then(() => this.gather(reader, request, slots, withSpread))
    this.queue = done.catch(() => {})
    return done
  }

  private async gather(reader: Reader, request: LoadRequest, slots: readonly Slot[], withSpread: boolean) {
    this.changes = []
    try {
      const missing = slots.filter((slot) => !this.chunks.has(keyOf(slot)))
      const read = new Map<string, Chunk>()
      for (const some of byWidth(missing)) {
        const found = await loadCells(reader, request, some, this.groups)
        for (const slot of some) read.set(keyOf(slot), { ...slot, cells: found.get(slot.fromUs) ?? none() })
      }
      const all = slots.map((slot) => read.get(keyOf(slot)) ?? this.chunks.get(keyOf(slot)) ?? { ...slot, cells: none() })
      if (withSpread) {
        for (const some of byWidth(all.filter((chunk) => !chunk.spread))) {
          const found = await loadSpread(reader, request, some, this.groups)
          for (const chunk of some) chunk.spread = found.get(chunk.fromUs) ?? noSpread()
        }
      }
      for (const [key, chunk] of read) if (!this.changes.some((range) => touches(chunk, range))) this.chunks.set(key, chunk)
      return { cells: all.map(({ cells }) => cells), spreads: withSpread ? all.map(({ spread }) => spread!) : [] }
    } finally {
      this.changes = undefined
    }
  }
}

const touches = (a: Slot, b: Slot) => a.fromUs <= b.toUs && b.fromUs < a.toUs

function byWidth<T extends Slot>(slots: readonly T[]): T[][] {
  return [...Map.groupBy(slots, widthOf).values()]
}
