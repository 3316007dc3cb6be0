import { setImmediate } from 'node:timers/promises'
import type { BatchHeader, Column, WireType } from '@panoptes/contract'
import { Cursor } from './cursor.ts'

/** A block that was checked: safe for the engine's parser, and readable in place. */
export interface CheckedBlock {
  raw: Buffer
  rows: number
  columns: readonly Column[]
  /** Where the values of each column begin. */
  starts: readonly number[]
  /** Where the first column begins: what lies before it is the count of columns and rows. */
  body: number
  /** Microseconds since 1970 of the first and the last row in time. */
  fromUs: number
  untilUs: number
}

const widths: Partial<Record<WireType, number>> = {
  UInt8: 1,
  Int8: 1,
  UInt16: 2,
  UInt32: 4,
  Int32: 4,
  UInt64: 8,
  "DateTime64(6, 'UTC')": 8,
  UUID: 16,
  IPv6: 16,
}
const dayUs = 86_400_000_000
const firstDay = Date.UTC(2000, 0, 1)

/**
 * Checks a Native block before it reaches the engine: columns by name and type and order, row count, lengths within the
 * bytes, dictionary indexes within their dictionary, places in the batch, all moments in the day of the header.
 * Gives way to other work every few milliseconds. Throws PAN0301 with the byte and the column.
 */
export async function checkBlock(raw: Buffer, columns: readonly Column[], header: Pick<BatchHeader, 'rows' | 'day'>, now = Date.now()): Promise<CheckedBlock> {
  const cursor = new Cursor(raw)
  const day = Date.parse(header.day)
  if (day < firstDay || day > now + 2 * 86_400_000) cursor.fail(`the day ${header.day} cannot be`)
  const count = cursor.varint('the count of columns')
  if (count !== columns.length) cursor.fail(`it has ${count} columns, the schema ${columns.length}`)
  const rows = cursor.varint('the count of rows')
  if (rows !== header.rows) cursor.fail(`it has ${rows} rows, its header says ${header.rows}`)
  const block = { raw, rows, columns, starts: [] as number[], body: cursor.at, fromUs: 0, untilUs: 0 }
  let rested = performance.now()
  for (const column of columns) {
    const name = cursor.text('the name of a column')
    if (name !== column.name) cursor.fail(`column ${name.slice(0, 100)} stands where ${column.name} belongs`)
    const type = cursor.text(`the type of ${name}`)
    if (type !== column.type) cursor.fail(`column ${name} has the type ${type.slice(0, 100)} instead of ${column.type}`)
    block.starts.push(cursor.at)
    checkValues(cursor, column, rows)
    if (performance.now() - rested > 4) {
      await setImmediate()
      rested = performance.now()
    }
  }
  if (cursor.at !== raw.length) cursor.fail(`${raw.length - cursor.at} bytes are left over`)
  const at = (wanted: string) => block.starts[columns.findIndex((c) => c.name === wanted)]!
  checkPlaces(raw, at('row'), rows, cursor)
  ;[block.fromUs, block.untilUs] = checkMoments(raw, at('ts'), rows, day * 1_000, cursor)
  return block
}

function checkValues(cursor: Cursor, { name, type }: Column, rows: number): void {
  const width = widths[type]
  if (width !== undefined) cursor.skip(rows * width, `column ${name}`)
  else if (type === 'String') cursor.strings(rows, `column ${name}`)
  else if (type === 'LowCardinality(String)') {
    checkVersion(cursor, name)
    checkDictionary(cursor, name, rows)
  } else {
    checkVersion(cursor, name)
    let before = 0
    for (let i = 0; i < rows; i++) {
      const offset = cursor.u64(`an offset of ${name}`)
      if (offset < before || offset > cursor.bytes.length) cursor.fail(`an offset of ${name} is out of order`)
      before = offset
    }
    if (before > 0) {
      checkDictionary(cursor, name, before)
      cursor.strings(before, `column ${name}`)
    }
  }
}

function checkVersion(cursor: Cursor, name: string): void {
  if (cursor.u64(`the version of ${name}`) !== 1) cursor.fail(`column ${name} has an unknown version of dictionary`)
}

/** A dictionary of this block's own, then an index of 1, 2 or 4 bytes per value. */
function checkDictionary(cursor: Cursor, name: string, values: number): void {
  const flags = cursor.u64(`the flags of ${name}`)
  const index = flags & 0xff
  if (flags - index !== 0x600 || index > 2) cursor.fail(`column ${name} has unknown flags ${flags}`)
  const size = cursor.u64(`the dictionary of ${name}`)
  if (size > cursor.bytes.length) cursor.fail(`the dictionary of ${name} is cut off`)
  cursor.strings(size, `the dictionary of ${name}`)
  const count = cursor.u64(`the count of ${name}`)
  if (count !== values) cursor.fail(`column ${name} has ${count} values instead of ${values}`)
  const width = 1 << index
  const start = cursor.skip(count * width, `column ${name}`)
  const { bytes } = cursor
  let largest = -1
  if (width === 1) for (let i = start; i < cursor.at; i++) largest = Math.max(largest, bytes[i]!)
  else if (width === 2) for (let i = start; i < cursor.at; i += 2) largest = Math.max(largest, bytes[i]! | (bytes[i + 1]! << 8))
  else for (let i = start; i < cursor.at; i += 4) largest = Math.max(largest, bytes.readUInt32LE(i))
  if (largest >= size) cursor.fail(`column ${name} points at value ${largest} of a dictionary of ${size}`)
}

function checkPlaces(raw: Buffer, start: number, rows: number, cursor: Cursor): void {
  for (let i = 0; i < rows; i++) {
    if (raw.readUInt32LE(start + 4 * i) === i) continue
    cursor.at = start + 4 * i
    cursor.fail(`row ${i} says that it is another`)
  }
}

function checkMoments(raw: Buffer, start: number, rows: number, firstUs: number, cursor: Cursor): [number, number] {
  let from = Number.POSITIVE_INFINITY
  let until = 0
  for (let i = 0; i < rows; i++) {
    const at = start + 8 * i
    const us = raw.readInt32LE(at + 4) * 4_294_967_296 + raw.readUInt32LE(at)
    if (us < firstUs || us >= firstUs + dayUs) {
      cursor.at = at
      cursor.fail(`row ${i} is not of the day that the header names`)
    }
    if (us < from) from = us
    if (us > until) until = us
  }
  return [from, until]
}
