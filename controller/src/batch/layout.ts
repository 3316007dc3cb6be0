import type { Column, WireType } from '@panoptes/contract/ingest'

/**
 * How many 32-bit words a value takes in a row's record. A string that repeats is its interner id; an address is the id
 * of its text; a plain string or a map lies beside the record, of a map the record holds the number of its pairs.
 */
const widths: Record<WireType, number> = {
  UInt8: 1,
  UInt16: 1,
  UInt32: 1,
  Int8: 1,
  Int32: 1,
  UInt64: 2,
  "DateTime64(6, 'UTC')": 2,
  'LowCardinality(String)': 1,
  String: 0,
  UUID: 4,
  IPv6: 1,
  'Map(LowCardinality(String), String)': 1,
}

export interface Slot {
  column: Column
  /** First word of the value within the record. */
  at: number
  /** Number of the string column or map column, counted from 0; -1 for others. */
  side: number
}

/** Where each column of a stream lies in a row's record. */
export class Layout {
  readonly slots: readonly Slot[]
  readonly width: number
  readonly strings: number
  readonly maps: number

  constructor(columns: readonly Column[]) {
    let at = 0
    let strings = 0
    let maps = 0
    this.slots = columns.map((column) => {
      const side = column.type === 'String' ? strings++ : column.type.startsWith('Map') ? maps++ : -1
      const slot = { column, at, side }
      at += widths[column.type]
      return slot
    })
    this.width = at
    this.strings = strings
    this.maps = maps
  }

  /** First word of a column, by the column's name. */
  at(name: string): number {
    return this.find(name).at
  }

  /** Number of a string or map column, by the column's name. */
  side(name: string): number {
    return this.find(name).side
  }

  private find(name: string): Slot {
    const slot = this.slots.find((s) => s.column.name === name)
    if (!slot) throw new Error(`no column ${name}`)
    return slot
  }
}
