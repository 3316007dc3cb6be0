import { createHash } from 'node:crypto'
import type { BatchHeader, StreamName } from '@panoptes/contract'
import type { Field, RecordStore } from '../platform/record/index.ts'
import type { IngestPrincipal, Lanes } from './types.ts'

/** The ledger without the days that the retention removed, as what a SELECT reads from: more conditions may follow. `{stream}` is the stream. */
export const keptLedger = `batches FINAL GLOBAL LEFT JOIN (SELECT day, max(at) AS gone FROM retirements WHERE table_name = {stream:String} GROUP BY day) AS r USING (day)
  WHERE stream = {stream:String} AND received > gone`

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

/** The last batch of an epoch that is durable: batch 0 where there is none. */
export interface Position {
  seq: number
  sha256: string
  /** No later than this, microseconds since 1970, what follows it was received. */
  received: number
}

/** A link of the chain: over all batches of a controller's stream, in the order of their receipt, then of epoch and sequence. */
export interface Link {
  chain: string
  received: number
}

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

/** More than a controller can still have to send. */
const mostEpochs = 1_000

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

  async position(principal: IngestPrincipal, stream: StreamName, epoch: number): Promise<Position> {
    const { org, controller } = principal
    const [row] = await this.record.query<Position>(
      `SELECT seq, toString(sha256) AS sha256, toUnixTimestamp64Micro(batches.received) AS received
       FROM batches WHERE org = {org:String} AND controller = {controller:String} AND stream = {stream:String} AND epoch = {epoch:UInt64} ORDER BY seq DESC LIMIT 1`,
      { org, controller, stream, epoch },
    )
    // An epoch is named by the moment of its creation: nothing of it is older.
    return row ?? { seq: 0, sha256: '', received: Math.min(epoch * 1_000, (await this.head(principal, stream)).received) }
  }

  /** The last link of a stream's chain; an empty one where there is none. */
  async head({ org, controller }: IngestPrincipal, stream: StreamName): Promise<Link> {
    const [row] = await this.record.query<Link>(
      `SELECT toString(chain) AS chain, toUnixTimestamp64Micro(batches.received) AS received
       FROM batches WHERE org = {org:String} AND controller = {controller:String} AND stream = {stream:String}
       ORDER BY batches.received DESC, epoch DESC, seq DESC LIMIT 1`,
      { org, controller, stream },
    )
    return row ? { chain: row.chain, received: Number(row.received) } : { chain: '', received: 0 }
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

  /** Where each epoch of each stream stands, newest epoch first, at most `mostEpochs` of a stream. */
  async lanes({ org, controller }: IngestPrincipal): Promise<Lanes> {
    const rows = await this.record.query<{ stream: StreamName; epoch: number; seq: number }>(
      `SELECT stream, epoch, max(batches.seq) AS seq FROM batches WHERE org = {org:String} AND controller = {controller:String}
       GROUP BY stream, epoch ORDER BY stream, epoch DESC LIMIT {most:UInt32} BY stream`,
      { org, controller, most: mostEpochs },
    )
    const lanes: Lanes = {}
    for (const { stream, epoch, seq } of rows) {
      lanes[stream] ??= []
      lanes[stream].push({ epoch: Number(epoch), seq: Number(seq) })
    }
    return lanes
  }
}
