import { createHash } from 'node:crypto'
import type { BatchHeader, StreamName } from '@panoptes/contract'
import type { Field, RecordStore } from '../platform/record/index.ts'
import type { IngestPrincipal, Resume } from './types.ts'

/** One line of the ledger: a batch whose rows are in the record. */
export interface Entry {
  org: string
  cluster: string
  controller: string
  origin: string
  stream: StreamName
  epoch: number
  seq: number
  schema: number
  day: string
  rows: number
  bytes: number
  /** Microseconds since 1970, as all moments of the ledger. */
  from_ts: number
  until_ts: number
  received: number
  sha256: string
  /** Sum of the rows' hashes, decimal: it has 64 bits. */
  rows_hash: string
  chain: string
}

/** The last batch of a stream that is durable. */
export interface Position {
  epoch: number
  seq: number
  sha256: string
  chain: string
  received: number
}

const start: Position = { epoch: 0, seq: 0, sha256: '', chain: '', received: 0 }

const fields: readonly Field[] = [
  ...['org', 'cluster', 'controller', 'origin', 'stream'].map((name) => ({ name, type: 'String' })),
  { name: 'epoch', type: 'UInt64' },
  { name: 'seq', type: 'UInt64' },
  { name: 'schema', type: 'UInt16' },
  { name: 'day', type: 'Date' },
  { name: 'rows', type: 'UInt32' },
  { name: 'bytes', type: 'UInt64' },
  ...['from_ts', 'until_ts', 'received'].map((name) => ({ name, type: "DateTime64(6, 'UTC')" })),
  { name: 'sha256', type: 'FixedString(64)' },
  { name: 'rows_hash', type: 'UInt64' },
  { name: 'chain', type: 'FixedString(64)' },
]

/** What an auditor recomputes: each batch's link holds all before it of its controller and stream. */
export function chainOf(before: string, e: Omit<Entry, 'chain' | 'received' | 'bytes' | 'from_ts' | 'until_ts' | 'origin' | 'day' | 'schema'>): string {
  return createHash('sha256')
    .update(JSON.stringify([before, e.org, e.cluster, e.controller, e.stream, e.epoch, e.seq, e.rows, e.rows_hash, e.sha256]))
    .digest('hex')
}

/** The ledger of batches: what is in it is acknowledged, and what is acknowledged is in it. */
export class Ledger {
  private readonly record: RecordStore

  constructor(record: RecordStore) {
    this.record = record
  }

  async write(entries: readonly Entry[]): Promise<void> {
    const text = (us: number) => `${new Date(Math.floor(us / 1000)).toISOString().slice(0, 19).replace('T', ' ')}.${String(us % 1_000_000).padStart(6, '0')}`
    const rows = entries.map((e) => ({ ...e, from_ts: text(e.from_ts), until_ts: text(e.until_ts), received: text(e.received) }))
    await this.record.insertRows('batches', rows, fields)
  }

  async position({ org, controller }: IngestPrincipal, stream: StreamName): Promise<Position> {
    const [row] = await this.record.query<Position>(
      `SELECT epoch, seq, toString(sha256) AS sha256, toString(chain) AS chain, toUnixTimestamp64Micro(batches.received) AS received
       FROM batches WHERE org = {org:String} AND controller = {controller:String} AND stream = {stream:String} ORDER BY epoch DESC, seq DESC LIMIT 1`,
      { org, controller, stream },
    )
    return row ?? { ...start }
  }

  /** Checksum of a batch that may be stored; undefined where it is not. */
  async checksum({ org, controller }: IngestPrincipal, { stream, epoch, seq }: BatchHeader): Promise<string | undefined> {
    const [row] = await this.record.query<{ sha256: string }>(
      `SELECT toString(sha256) AS sha256 FROM batches WHERE org = {org:String} AND controller = {controller:String} AND stream = {stream:String}
       AND epoch = {epoch:UInt64} AND seq = {seq:UInt64} LIMIT 1`,
      { org, controller, stream, epoch, seq },
    )
    return row?.sha256
  }

  async resume({ org, controller }: IngestPrincipal): Promise<Resume> {
    const rows = await this.record.query<{ stream: StreamName; at: [number, number] }>(
      'SELECT stream, max((epoch, seq)) AS at FROM batches WHERE org = {org:String} AND controller = {controller:String} GROUP BY stream',
      { org, controller },
    )
    return Object.fromEntries(rows.map(({ stream, at: [epoch, seq] }) => [stream, { epoch, seq }]))
  }
}
