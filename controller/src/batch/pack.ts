import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'
import { type BatchHeader, batchMagic, batchSchema } from '@panoptes/contract/ingest'
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
  const payload = await compress(batch.block, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
  const { stream, day, rows, from, until, proxies } = batch
  const rawBytes = batch.block.length
  const sha256 = createHash('sha256').update(payload).digest('hex')
  batch.release?.()
  return { meta: { schema: batchSchema, stream, day, rows, rawBytes, sha256, sealed, from, until, proxies }, payload }
}

/** The batch as it travels: magic, length of the header, header, payload. */
export function encodeBatch(header: BatchHeader, payload: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify(header))
  const head = Buffer.alloc(8)
  head.write(batchMagic, 0, 'latin1')
  head.writeUInt32LE(json.length, 4)
  return Buffer.concat([head, json, payload])
}
