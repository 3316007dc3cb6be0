import type { Column } from '@panoptes/contract'
import type { Row } from '../types.ts'
import type { CheckedBlock } from './check.ts'
import { Cursor } from './cursor.ts'

/** Values of one column of a checked block. Moments are microseconds since 1970; 64-bit values above 2^53 are bigints. */
function readColumn(block: CheckedBlock, column: Column, start: number): unknown[] {
  const cursor = new Cursor(block.raw)
  cursor.at = start
  const { raw, rows } = block
  const fixed = (width: number, read: (at: number) => unknown) => Array.from({ length: rows }, (_, i) => read(start + i * width))
  switch (column.type) {
    case 'UInt8':
      return fixed(1, (at) => raw[at]!)
    case 'Int8':
      return fixed(1, (at) => raw.readInt8(at))
    case 'UInt16':
      return fixed(2, (at) => raw.readUInt16LE(at))
    case 'UInt32':
      return fixed(4, (at) => raw.readUInt32LE(at))
    case 'Int32':
      return fixed(4, (at) => raw.readInt32LE(at))
    case 'UInt64':
      return fixed(8, (at) => unsigned(raw, at))
    case "DateTime64(6, 'UTC')":
      return fixed(8, (at) => raw.readInt32LE(at + 4) * 4_294_967_296 + raw.readUInt32LE(at))
    case 'UUID':
      return fixed(16, (at) => uuid(raw, at))
    case 'IPv6':
      return fixed(16, (at) => address(raw, at))
    case 'String':
      return Array.from({ length: rows }, () => cursor.text(column.name))
    case 'LowCardinality(String)':
      cursor.skip(8, column.name)
      return readDictionary(cursor, column.name)
    default:
      return readMaps(cursor, column.name, rows)
  }
}

function unsigned(raw: Buffer, at: number): number | bigint {
  const high = raw.readUInt32LE(at + 4)
  return high < 0x200000 ? high * 4_294_967_296 + raw.readUInt32LE(at) : raw.readBigUInt64LE(at)
}

/** ClickHouse keeps a UUID as two little-endian words. */
function uuid(raw: Buffer, at: number): string {
  const hex = (from: number) => raw.readBigUInt64LE(from).toString(16).padStart(16, '0')
  const text = hex(at) + hex(at + 8)
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`
}

function address(raw: Buffer, at: number): string {
  if (raw.readUInt32LE(at) === 0 && raw.readUInt32LE(at + 4) === 0 && raw.readUInt32LE(at + 8) === 0xffff0000)
    return `::ffff:${raw[at + 12]}.${raw[at + 13]}.${raw[at + 14]}.${raw[at + 15]}`
  const words = Array.from({ length: 8 }, (_, i) => raw.readUInt16BE(at + 2 * i).toString(16))
  // The longest run of zeros is written as ::, as RFC 5952 has it.
  const runs = [...words.join(':').matchAll(/(?<![0-9a-f])0(?::0(?![0-9a-f]))+/g)].sort((a, b) => b[0].length - a[0].length)
  const run = runs[0]
  if (!run) return words.join(':')
  const text = words.join(':')
  return `${text.slice(0, run.index).replace(/:$/, '')}::${text.slice(run.index + run[0].length).replace(/^:/, '')}`
}

function readDictionary(cursor: Cursor, name: string): string[] {
  const width = 1 << (cursor.u64(name) & 0xff)
  const keys = Array.from({ length: cursor.u64(name) }, () => cursor.text(name))
  const count = cursor.u64(name)
  const start = cursor.skip(count * width, name)
  return Array.from({ length: count }, (_, i) => keys[cursor.bytes.readUIntLE(start + i * width, width)]!)
}

function readMaps(cursor: Cursor, name: string, rows: number): { [key: string]: string }[] {
  cursor.skip(8, name)
  const offsets = Array.from({ length: rows }, () => cursor.u64(name))
  const total = offsets.at(-1) ?? 0
  if (total === 0) return offsets.map(() => ({}))
  const keys = readDictionary(cursor, name)
  const values = Array.from({ length: total }, () => cursor.text(name))
  return offsets.map((end, i) => Object.fromEntries(keys.slice(offsets[i - 1] ?? 0, end).map((key, k) => [key, values[(offsets[i - 1] ?? 0) + k]!])))
}

/** The rows of a checked block as objects by dotted field name, with `constants` in each. */
export function* readRows(block: CheckedBlock, constants: Row = {}): Generator<Row> {
  const columns = block.columns.map((column, i) => readColumn(block, column, block.starts[i]!))
  for (let i = 0; i < block.rows; i++) {
    const row: Row = { ...constants }
    for (const [c, column] of block.columns.entries()) row[column.field] = columns[c]![i]
    yield row
  }
}
