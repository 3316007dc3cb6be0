import { createHash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'

const varint = (value: number): Buffer => {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  bytes.push(rest)
  return Buffer.from(bytes)
}
const text = (value: string): Buffer => Buffer.concat([varint(Buffer.byteLength(value)), Buffer.from(value)])
const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}
/** A LowCardinality(String) column of one row, as ClickHouse's Native format has it. */
const dictionary = (value: string): Buffer => Buffer.concat([u64(1n), u64(0x600n), u64(1n), text(value), u64(1n), Buffer.of(0)])

/**
 * One batch of the stream `gaps` with one row, written from the documentation of the wire alone.
 * @param prev sha256 of the batch before it, empty for the first
 */
export function gapBatch(options: { epoch: number; seq: number; prev: string; at: Date; detail: string }): Buffer {
  const micros = u64(BigInt(options.at.getTime()) * 1000n)
  const columns: [string, string, Buffer][] = [
    ['row', 'UInt32', Buffer.alloc(4)],
    ['ts', "DateTime64(6, 'UTC')", micros],
    ['until', "DateTime64(6, 'UTC')", micros],
    ['stream', 'LowCardinality(String)', dictionary('accesses')],
    ['proxy', 'LowCardinality(String)', dictionary('proxy-of-the-proof')],
    ['reason', 'LowCardinality(String)', dictionary('malformed')],
    ['missed', 'UInt64', u64(1n)],
    ['unknown', 'UInt8', Buffer.of(0)],
    ['detail', 'String', text(options.detail)],
  ]
  const raw = Buffer.concat([varint(columns.length), varint(1), ...columns.flatMap(([name, type, bytes]) => [text(name), text(type), bytes])])
  const payload = zstdCompressSync(raw)
  const header = Buffer.from(
    JSON.stringify({
      schema: 1,
      stream: 'gaps',
      day: options.at.toISOString().slice(0, 10),
      epoch: options.epoch,
      seq: options.seq,
      rows: 1,
      rawBytes: raw.length,
      sha256: createHash('sha256').update(payload).digest('hex'),
      prev: options.prev,
    }),
  )
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.length)
  return Buffer.concat([Buffer.from('PNB1'), length, header, payload])
}
