import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import { BatchHeader, batchLimits, batchListMagic, batchMagic, batchSchema, type Column, PanoptesError, streams } from '@panoptes/contract'
import { z } from 'zod'

/** A batch as it came, header read and checksum right; its rows are still unread. */
export interface Batch {
  header: BatchHeader
  payload: Buffer
}

const inflate = promisify(zstdDecompress)
const maxHeader = 4_096

function refuse(what: string): never {
  throw new PanoptesError('PAN0301', `batch not valid: ${what}`)
}

/** The batches of a message: itself where it is one, else the parts of its list. Throws PAN0301 where the list is malformed. */
export function splitBatches(message: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  if (bytes.toString('latin1', 0, 4) !== batchListMagic) return [message]
  const parts: Uint8Array[] = []
  for (let at = 4; at < bytes.length; ) {
    if (at + 4 > bytes.length) refuse('a list of batches is cut off')
    const end = at + 4 + bytes.readUInt32LE(at)
    if (end > bytes.length) refuse('a list of batches is cut off')
    parts.push(bytes.subarray(at + 4, end))
    at = end
  }
  if (parts.length === 0) refuse('a list of batches is empty')
  return parts
}

/** Reads the frame of a batch. Throws PAN0301 (malformed, wrong checksum) or PAN0304 (schema too old or too new). */
export function readBatch(bytes: Uint8Array): Batch {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length > batchLimits.maxBytes) refuse(`it has ${buffer.length} bytes, more than ${batchLimits.maxBytes}`)
  if (buffer.length < 8 || buffer.toString('latin1', 0, 4) !== batchMagic) refuse(`it does not begin with ${batchMagic}`)
  const length = buffer.readUInt32LE(4)
  if (length > maxHeader || 8 + length > buffer.length) refuse('its header is cut off or too long')
  let json: unknown
  try {
    json = JSON.parse(buffer.toString('utf8', 8, 8 + length))
  } catch {
    refuse('its header is no JSON')
  }
  const { schema } = z.object({ schema: z.number() }).catch({ schema: batchSchema }).parse(json)
  if (schema > batchSchema || schema < batchSchema - 2)
    throw new PanoptesError('PAN0304', `the batch has schema ${schema}; this server takes ${Math.max(1, batchSchema - 2)} to ${batchSchema}`, {
      schema,
      supported: batchSchema,
    })
  const header = BatchHeader.safeParse(json)
  if (!header.success) refuse(`its header: ${z.prettifyError(header.error).slice(0, 300)}`)
  const payload = buffer.subarray(8 + length)
  if (createHash('sha256').update(payload).digest('hex') !== header.data.sha256) refuse('its checksum is wrong')
  return { header: header.data, payload }
}

/** Columns of a stream under a schema. There is one so far; a later one keeps the older lists here. */
export function columnsOf({ stream }: Pick<BatchHeader, 'stream' | 'schema'>): readonly Column[] {
  return streams[stream]
}

/** The raw block of a batch. Throws PAN0301 where it is no zstd or not as long as the header says. */
export async function unpack({ header, payload }: Batch): Promise<Buffer> {
  let raw: Buffer
  try {
    // One piece of the right size: growing one by one costs four times as much.
    raw = await inflate(payload, { maxOutputLength: header.rawBytes, chunkSize: header.rawBytes + 1_024 })
  } catch (error) {
    refuse(`its payload cannot be decompressed: ${error instanceof Error ? error.message : error}`)
  }
  if (raw.length !== header.rawBytes) refuse(`its payload has ${raw.length} bytes once decompressed, its header says ${header.rawBytes}`)
  return raw
}
