import type { CheckedBlock } from './check.ts'

/** A column that has one value in all rows of a block. */
export interface Constant {
  name: string
  type: 'LowCardinality(String)' | 'UInt64' | "DateTime64(6, 'UTC')"
  /** Text, or a number (moments: microseconds since 1970). */
  value: string | number
}

/** The block with further columns in front, in two pieces: the batch's own bytes are not copied. */
export function extend(block: CheckedBlock, constants: readonly Constant[]): Buffer[] {
  const head = [varint(constants.length + block.columns.length), varint(block.rows)]
  for (const { name, type, value } of constants) {
    head.push(text(name), text(type))
    head.push(typeof value === 'string' ? sameText(value, block.rows) : sameNumber(value, block.rows))
  }
  return [Buffer.concat(head), block.raw.subarray(block.body)]
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Buffer.from([...bytes, rest])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([varint(bytes.length), bytes])
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

/** A dictionary of one value, and an index of one zero byte per row. */
function sameText(value: string, rows: number): Buffer {
  return Buffer.concat([u64(1), u64(0x600), u64(1), text(value), u64(rows), Buffer.alloc(rows)])
}

function sameNumber(value: number, rows: number): Buffer {
  return Buffer.alloc(8 * rows, u64(value))
}
