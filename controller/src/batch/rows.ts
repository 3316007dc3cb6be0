import { Bytes } from './bytes.ts'
import type { Layout } from './layout.ts'

/**
 * Rows that wait to become a batch. Each row is a record of 32-bit words (see `Layout`); strings and maps lie in byte
 * arenas beside them, already in the form in which ClickHouse reads them.
 */
export class Rows {
  readonly layout: Layout
  private readonly expected: number
  words: Uint32Array
  count = 0
  /** One arena per string column: length and bytes of each row's value. */
  readonly strings: Bytes[]
  /** One arena per map column: the ids of the keys, and the values as strings. */
  readonly mapKeys: Uint32Array[]
  readonly mapCounts: number[]
  readonly mapValues: Bytes[]

  /** `expected` rows are made room for in the end; more are taken too. */
  constructor(layout: Layout, expected = 1024) {
    this.layout = layout
    this.expected = expected
    this.words = new Uint32Array(layout.width * Math.min(expected, 1024))
    this.strings = Array.from({ length: layout.strings }, () => new Bytes())
    this.mapKeys = Array.from({ length: layout.maps }, () => new Uint32Array(1024))
    this.mapCounts = new Array<number>(layout.maps).fill(0)
    this.mapValues = Array.from({ length: layout.maps }, () => new Bytes())
  }

  /** Adds a record; the caller has written, or writes now, exactly one value to each string column. */
  push(record: Uint32Array): void {
    const at = this.count * this.layout.width
    if (at + this.layout.width > this.words.length) {
      const rows = this.count < this.expected ? Math.min(this.expected, this.count * 4) : this.count * 2
      const grown = new Uint32Array(rows * this.layout.width)
      grown.set(this.words)
      this.words = grown
    }
    this.words.set(record, at)
    this.count++
  }

  /** Adds a pair to the map of the row that is being written. */
  pair(map: number, key: number, from: Buffer, start: number, length: number): void {
    let keys = this.mapKeys[map]!
    const count = this.mapCounts[map]!
    if (count === keys.length) {
      const grown = new Uint32Array(keys.length * 2)
      grown.set(keys)
      this.mapKeys[map] = keys = grown
    }
    keys[count] = key
    this.mapCounts[map] = count + 1
    this.mapValues[map]!.string(from, start, length)
  }

  /** About how many bytes the rows take. */
  get size(): number {
    let size = this.count * this.layout.width * 4
    for (const s of this.strings) size += s.length
    for (const v of this.mapValues) size += v.length
    return size
  }

  /** Empties it for the next batch; its memory stays. */
  clear(): void {
    this.count = 0
    for (const s of this.strings) s.length = 0
    for (const v of this.mapValues) v.length = 0
    this.mapCounts.fill(0)
  }
}
