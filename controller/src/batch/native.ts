import type { Addresses } from './addresses.ts'
import { Bytes } from './bytes.ts'
import type { Interner } from './interner.ts'
import type { Slot } from './layout.ts'
import type { Rows } from './rows.ts'

/** Flags of a LowCardinality column: a dictionary of its own (0x200) that is new in this block (0x400). */
const lowCardinalityFlags = 0x600
const lowCardinalityVersion = 1

/**
 * Writes rows as one block of ClickHouse's `Native` format (without the extensions of its TCP protocol): for each column
 * name, type and values. Strings that repeat become a dictionary and indexes of 1, 2 or 4 bytes.
 */
export class NativeWriter {
  private readonly interner: Interner
  private readonly addresses: Addresses
  /** Which dictionary a string was last put into, and where. */
  private readonly stamps: Uint32Array
  private readonly places: Uint32Array
  private stamp = 0
  private keys = new Uint32Array(1024)
  /** Values of one column on their way into the block. */
  private values = new Uint32Array(64 * 1024)
  /** Buffers of blocks that were done with: large ones, made anew each second, would be left to the garbage collector. */
  private readonly spare: Bytes[] = []

  constructor(interner: Interner, addresses: Addresses) {
    this.interner = interner
    this.addresses = addresses
    this.stamps = new Uint32Array(interner.offsets.length)
    this.places = new Uint32Array(interner.offsets.length)
  }

  /** Answers the block; `release` gives its memory back once it is no longer looked at. */
  write(rows: Rows): { block: Buffer; release: () => void } {
    const out = this.spare.pop() ?? new Bytes(rows.size + 64 * 1024)
    out.length = 0
    out.varint(rows.layout.slots.length)
    out.varint(rows.count)
    for (const slot of rows.layout.slots) {
      out.text(slot.column.name)
      out.text(slot.column.type)
      this.column(out, rows, slot)
    }
    return { block: out.view(), release: () => this.release(out) }
  }

  private release(out: Bytes): void {
    if (this.spare.length < 2) this.spare.push(out)
  }

  private column(out: Bytes, rows: Rows, slot: Slot): void {
    const { words, count, layout } = rows
    const { width } = layout
    switch (slot.column.type) {
      case 'UInt8':
      case 'Int8':
        narrow(out, words, slot.at, width, count, 1)
        break
      case 'UInt16':
        narrow(out, words, slot.at, width, count, 2)
        break
      case 'UInt32':
      case 'Int32':
        this.wide(out, words, slot.at, width, count, 1)
        break
      case 'UInt64':
      case "DateTime64(6, 'UTC')":
        this.wide(out, words, slot.at, width, count, 2)
        break
      case 'UUID':
        this.wide(out, words, slot.at, width, count, 4)
        break
      case 'IPv6':
        this.ip(out, words, slot.at, width, count)
        break
      case 'String': {
        const arena = rows.strings[slot.side]!
        out.copy(arena.buf, 0, arena.length)
        break
      }
      case 'LowCardinality(String)':
        out.u64(lowCardinalityVersion)
        this.lowCardinality(out, words, slot.at, width, count)
        break
      case 'Map(LowCardinality(String), String)': {
        out.u64(lowCardinalityVersion)
        let offset = 0
        for (let i = 0, w = slot.at; i < count; i++, w += width) {
          offset += words[w]!
          out.u64(offset)
        }
        if (offset > 0) this.lowCardinality(out, rows.mapKeys[slot.side]!, 0, 1, offset)
        const values = rows.mapValues[slot.side]!
        out.copy(values.buf, 0, values.length)
      }
    }
  }

  private ip(out: Bytes, words: Uint32Array, at: number, width: number, count: number): void {
    const values = this.room(count * 4)
    for (let i = 0, w = at; i < count; i++, w += width) this.addresses.write(words[w]!, values, i * 4)
    out.copy(Buffer.from(values.buffer), 0, count * 16)
  }

  /** Values of whole words: gathered in a word array, then copied, since their place in the block need not be aligned. */
  private wide(out: Bytes, words: Uint32Array, at: number, width: number, count: number, size: 1 | 2 | 4): void {
    const values = this.room(count * size)
    for (let i = 0, w = at, o = 0; i < count; i++, w += width) for (let k = 0; k < size; k++) values[o++] = words[w + k]!
    out.copy(Buffer.from(values.buffer), 0, count * size * 4)
  }

  private room(words: number): Uint32Array {
    if (this.values.length < words) this.values = new Uint32Array(words)
    return this.values
  }

  private lowCardinality(out: Bytes, words: Uint32Array, at: number, width: number, count: number): void {
    const { stamps, places, interner } = this
    const stamp = ++this.stamp
    let size = 0
    for (let i = 0, w = at; i < count; i++, w += width) {
      const id = words[w]!
      if (stamps[id] !== stamp) {
        stamps[id] = stamp
        places[id] = size
        if (size === this.keys.length) {
          const grown = new Uint32Array(size * 2)
          grown.set(this.keys)
          this.keys = grown
        }
        this.keys[size++] = id
      }
    }
    const index = size <= 256 ? 0 : size <= 65_536 ? 1 : 2
    out.u64(lowCardinalityFlags | index)
    out.u64(size)
    for (let k = 0; k < size; k++) {
      const id = this.keys[k]!
      out.string(interner.arena, interner.offsets[id]!, interner.lengths[id]!)
    }
    out.u64(count)
    const start = out.reserve(count << index)
    const { buf } = out
    if (size === 1) {
      buf.fill(0, start, start + count)
      return
    }
    for (let i = 0, w = at, o = start; i < count; i++, w += width) {
      const place = places[words[w]!]!
      buf[o++] = place
      if (index > 0) buf[o++] = place >>> 8
      if (index > 1) {
        buf[o++] = place >>> 16
        buf[o++] = place >>> 24
      }
    }
  }
}

function narrow(out: Bytes, words: Uint32Array, at: number, width: number, count: number, bytes: 1 | 2): void {
  let o = out.reserve(count * bytes)
  const { buf } = out
  for (let i = 0, w = at; i < count; i++, w += width) {
    const value = words[w]!
    buf[o++] = value
    if (bytes === 2) buf[o++] = value >>> 8
  }
}
