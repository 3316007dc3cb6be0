import { randomBytes } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import type { RawBatch } from '../batch/index.ts'

/** A batch that says its number: the spool does not look into batches. */
export function rawBatch(n: number, size = 2000): RawBatch {
  const block = Buffer.concat([Buffer.from(`${n}\n`), randomBytes(size)])
  return { stream: 'accesses', day: '2026-11-21', rows: 10 + n, from: 1000 * n, until: 1000 * n + 999, proxies: { a: 10, b: n }, block }
}

/** The number of a batch that was read back. */
export function numberOf(payload: Buffer): number {
  return Number.parseInt(zstdDecompressSync(payload).toString('latin1', 0, 12), 10)
}
