import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Product } from './product.ts'

/** Speaks to the server as a controller would: enrols, opens a session, sends bytes as a batch. */
export async function createIngestClient(server: Product, cluster: string) {
  const instance = randomUUID()
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const raw = body instanceof Uint8Array
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': raw ? 'application/vnd.panoptes.batch' : 'application/json', ...headers },
      body: raw ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, text, code: /"code":"(PAN\d+)"/.exec(text)?.[1] ?? '' }
  }
  const enrolled = await post('/api/v1/ingest/enrolments', { token: await server.enrol(cluster), name: cluster, instance })
  if (enrolled.status !== 201) throw new Error(`enrolment: ${enrolled.status} ${enrolled.text}`)
  const { key } = JSON.parse(enrolled.text) as { key: string }
  const authorization = `Bearer ${key}`
  const ticket = randomBytes(24).toString('base64url')
  const opened = await post('/api/v1/ingest/sessions', { instance, ticket: '', next: ticket, version: 'prove' }, { authorization })
  if (opened.status !== 201) throw new Error(`session: ${opened.status} ${opened.text}`)
  const { session } = JSON.parse(opened.text) as { session: string }
  return { send: (bytes: Uint8Array) => post('/api/v1/ingest/batches', bytes, { authorization, 'panoptes-session': session }) }
}

/** A batch taken apart: header (JSON) and the decompressed block. */
export function openBatch(batch: Buffer): { header: Record<string, unknown>; raw: Buffer } {
  const length = batch.readUInt32LE(4)
  const header = JSON.parse(batch.toString('utf8', 8, 8 + length)) as Record<string, unknown>
  return { header, raw: zstdDecompressSync(batch.subarray(8 + length)) }
}

/** Puts a batch together again, with lengths and checksum that fit its block. */
export function closeBatch(header: Record<string, unknown>, raw: Buffer): Buffer {
  const payload = zstdCompressSync(raw)
  const json = Buffer.from(JSON.stringify({ ...header, rawBytes: raw.length, sha256: createHash('sha256').update(payload).digest('hex') }))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return Buffer.concat([Buffer.from('PNB1'), length, json, payload])
}
