import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'
import { type BatchHeader, batchListMagic, batchMagic, batchSchema } from '@panoptes/contract/ingest'
import type { RawBatch } from './batcher.ts'

const compress = promisify(zstdCompress)

/** What is known of a batch besides its place in the sequence: the header's other fields, and what a gap row would need. */
export interface BatchMeta {
  schema: number
  stream: BatchHeader['stream']
  day: string
  rows: number
  rawBytes: number
  sha256: string
  /** When it was sealed, milliseconds since 1970. */
  sealed: number
  from: number
  until: number
  proxies: Record<string, number>
}

export interface PackedBatch {
  meta: BatchMeta
  payload: Buffer
}

/** Compresses a batch (zstd, level 1: the cheapest that is worth it) and takes its checksum. */
export async function packBatch(batch: RawBatch, sealed: number): Promise<PackedBatch> {
  // In one or two pieces: dozens of small ones would be put together from garbage.
  const chunkSize = Math.max(1024, batch.block.length >> 3)
  const payload = await compress(batch.block, { chunkSize, params: { [constants.ZSTD_c_compressionLevel]: 1 } })
  const { stream, day, rows, from, until, proxies } = batch
  const rawBytes = batch.block.length
  const sha256 = createHash('sha256').update(payload).digest('hex')
  batch.release?.()
  return { meta: { schema: batchSchema, stream, day, rows, rawBytes, sha256, sealed, from, until, proxies }, payload }
}

/** Batches as they travel, in pieces: alone, or several consecutive ones in a list. */
export function encodeBatches(batches: readonly { header: BatchHeader; payload: Buffer }[]): Buffer[] {
  const encoded = batches.map(({ header, payload }) => [head(header), payload])
  if (encoded.length === 1) return encoded[0]!
  const pieces = encoded.flatMap(([head, payload]) => [uint32(head!.length + payload!.length), head!, payload!])
  return [Buffer.from(batchListMagic, 'latin1'), ...pieces]
}

/** What stands before a batch's payload: magic, length of the header, header. */
function head(header: BatchHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header))
  return Buffer.concat([Buffer.from(batchMagic, 'latin1'), uint32(json.length), json])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
