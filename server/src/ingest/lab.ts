import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { type BatchHeader, batchListMagic, batchMagic, batchSchema, type Column, type StreamName, streams } from '@panoptes/contract'
import pino from 'pino'
import { openRecord, type RecordStore } from '../platform/record/index.ts'
import { createIngest } from './ingest.ts'
import type { Ingest, IngestPrincipal } from './types.ts'

/** For tests: a real record in a folder of its own, with the way into it. */
export interface Lab {
  record: RecordStore
  ingest: Ingest
  dataDir: string
  close(): Promise<void>
}

export const log = pino({ level: process.env.LAB_LOG ?? 'silent' })
export const alice: IngestPrincipal = { org: 'main', cluster: 'east', controller: 'c1', origin: 'user' }
export const today = new Date().toISOString().slice(0, 10)

export async function openLab(): Promise<Lab> {
  const dataDir = mkdtempSync(join(tmpdir(), 'panoptes-ingest-'))
  const record = await openRecord({ dataDir, log })
  const ingest = await createIngest({ record, log })
  return {
    ...{ record, ingest, dataDir },
    close: async () => {
      await ingest.close()
      await record.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export interface Wanted {
  seq: number
  epoch?: number
  rows?: number
  stream?: StreamName
  day?: string
  prev?: string
  /** Makes rows of batches differ. */
  salt?: string
}

/** Writes a frame around a payload. */
export function frame(header: BatchHeader, payload: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  return Buffer.concat([Buffer.from(batchMagic), length, json, payload])
}

/** Several batches as one message. */
export function list(...batches: readonly Buffer[]): Buffer {
  const parts = batches.flatMap((batch) => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(batch.length)
    return [length, batch]
  })
  return Buffer.concat([Buffer.from(batchListMagic), ...parts])
}

export function seal(raw: Buffer, { seq, epoch = 1, rows = 100, stream = 'accesses', day = today, prev = '' }: Wanted): { bytes: Buffer; header: BatchHeader } {
  const payload = zstdCompressSync(raw)
  const sha256 = createHash('sha256').update(payload).digest('hex')
  const header: BatchHeader = { schema: batchSchema, stream, day, epoch, seq, rows, rawBytes: raw.length, sha256, prev }
  return { bytes: frame(header, payload), header }
}

function expression({ name, type }: Column, day: string, salt: string): string {
  const known: { [column: string]: string } = {
    row: 'number',
    ts: `toDateTime64('${day} 00:00:00', 6, 'UTC') + toIntervalMillisecond((cityHash64(number, '${salt}') % 86400) * 1000 + number % 1000)`,
    until: `toDateTime64('${day} 00:00:00', 6, 'UTC')`,
    path: `concat('/orders/', toString(number), '/${salt}')`,
    request_id: `reinterpretAsUUID(sipHash128(number, '${salt}'))`,
    src_namespace: `concat('ns-', toString(number % 3))`,
    src_workload: `concat('client-', toString(number % 5))`,
    dst_namespace: `'shop'`,
    dst_workload: `concat('server-', toString(number % 7))`,
    duration_us: 'cityHash64(number) % 1000000',
    first_up_rx_us: 'cityHash64(number) % 900000',
    status: 'if(number % 10 = 0, 503, 200)',
    reporter: "if(number % 2 = 0, 'client', 'server')",
    src_ip: "IPv4ToIPv6(toIPv4('10.0.0.1'))",
    tags: "if(number % 4 = 0, map('k', toString(number), 'l', 'x'), map())",
  }
  return `CAST(${known[name] ?? `defaultValueOfTypeName('${type.replaceAll("'", "\\'")}')`} AS ${type}) AS ${name}`
}

/** The Native block of a batch, written by the engine itself. */
export async function blockOf(
  record: RecordStore,
  { rows = 100, stream = 'accesses', day = today, seq, epoch = 1, salt = `${epoch}-${seq}` }: Wanted,
): Promise<Buffer> {
  const list = streams[stream].map((column) => expression(column, day, salt))
  const made = await record.stream(`SELECT ${list.join(', ')} FROM numbers(${rows})`, 'Native', {}, { settings: { max_block_size: 1_000_000 } })
  return Buffer.concat((await made.toArray()) as Buffer[])
}

export async function batchOf(record: RecordStore, wanted: Wanted): Promise<{ bytes: Buffer; header: BatchHeader }> {
  return seal(await blockOf(record, wanted), wanted)
}

/** Batches 1 to `count` of an epoch, each naming the one before. */
export async function batchesOf(record: RecordStore, count: number, wanted: Omit<Wanted, 'seq'> = {}): Promise<{ bytes: Buffer; header: BatchHeader }[]> {
  const batches: { bytes: Buffer; header: BatchHeader }[] = []
  for (let seq = 1; seq <= count; seq++) batches.push(await batchOf(record, { ...wanted, seq, prev: batches.at(-1)?.header.sha256 ?? '' }))
  return batches
}

export async function countRows(record: RecordStore): Promise<number> {
  const [row] = await record.query<{ n: number }>('SELECT count() AS n FROM accesses', {}, { settings: { optimize_use_projections: 0 } })
  return Number(row!.n)
}
