import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BatchHeader, PanoptesError, type StreamName, serverColumns, streams } from '@panoptes/contract'
import { blockColumn, type RecordStore, storedAs, type Target } from '../platform/record/index.ts'
import type { CheckedBlock } from './native/check.ts'
import { type Constant, extend } from './native/extend.ts'
import type { IngestPrincipal } from './types.ts'

/** A checked batch on its way into its table. */
export interface Pending {
  principal: IngestPrincipal
  header: BatchHeader
  block: CheckedBlock
  bytes: number
}

/** What the record holds of one batch. */
export interface Held {
  rows: number
  hash: string
}

/** A group of this many rows gets a block of its own in the sort key: merging it is appending. */
const ownBlock = 5_000

const nothing: Held = { rows: 0, hash: '0' }

/**
 * Sum over the rows of a hash of all their columns: independent of order, different for any change, loss or double. Columns
 * with a dictionary are hashed alone first: the engine does that once per value of the dictionary instead of once per row.
 */
export function hashSql(stream: StreamName): string {
  const hashed = streams[stream].map(({ name, type }) => (type === 'LowCardinality(String)' ? `cityHash64(${name})` : name))
  return `sum(cityHash64(${hashed.join(', ')}))`
}

const keyOf = (controller: string, epoch: number, seq: number) => `${controller}/${epoch}/${seq}`

/** Puts batches into their tables, each once. */
export class Store {
  private readonly record: RecordStore

  constructor(record: RecordStore) {
    this.record = record
  }

  /**
   * Stores a group of batches of one stream and day in one part and answers what is then held of each. `doubtful` batches
   * may be there already (a crash, a lost answer): their rows are counted first, and a remainder is removed.
   */
  async put(group: readonly Pending[], receivedUs: number, doubtful: ReadonlyMap<Pending, number>): Promise<Map<Pending, Held>> {
    const found = new Map<Pending, Held>()
    for (const [pending, sinceUs] of doubtful) {
      const held = (await this.held([pending], sinceUs)).get(pending)!
      if (held.rows === pending.header.rows) found.set(pending, held)
      else if (held.rows > 0) await this.remove(pending)
    }
    const missing = group.filter((pending) => !found.has(pending))
    if (missing.length === 0) return found
    // The token stops a second copy of an insert that is still under way. Later attempts need another: the engine would
    // drop them without a word.
    for (let attempt = 0; attempt < 2; attempt++) {
      await this.insert(missing, receivedUs, attempt === 0 ? tokenOf(missing) : randomUUID())
      const held = await this.held(missing, receivedUs)
      const short = missing.filter((pending) => held.get(pending)!.rows !== pending.header.rows)
      if (short.length === 0) return new Map([...found, ...held])
      for (const pending of missing) if (held.get(pending)!.rows > 0) await this.remove(pending)
    }
    throw new PanoptesError('PAN0001', 'a batch was inserted twice and its rows are still not all there')
  }

  /** Rows and their hash per batch, among rows received at `sinceUs` or later. */
  async held(group: readonly Pending[], sinceUs: number): Promise<Map<Pending, Held>> {
    const { stream, day } = group[0]!.header
    const rows = await this.record.query<{ controller: string; epoch: number; batch: number; rows: number; hash: string }>(
      `SELECT org, controller, epoch, batch, count() AS rows, toString(${hashSql(stream)}) AS hash FROM ${stream}
       WHERE received >= fromUnixTimestamp64Micro({since:Int64}) AND ts >= toDateTime64({from:String}, 6, 'UTC') AND ts < toDateTime64({until:String}, 6, 'UTC') AND (org, controller, epoch, batch) IN (${group
         .map((_, i) => `({o${i}:String}, {c${i}:String}, {e${i}:UInt64}, {b${i}:UInt64})`)
         .join(', ')}) GROUP BY org, controller, epoch, batch`,
      {
        since: sinceUs,
        from: `${day} 00:00:00`,
        until: nextDay(day),
        ...Object.fromEntries(
          group.flatMap(({ principal, header }, i) => [
            [`o${i}`, principal.org],
            [`c${i}`, principal.controller],
            [`e${i}`, header.epoch],
            [`b${i}`, header.seq],
          ]),
        ),
      },
      { settings: { optimize_use_projections: 0 } },
    )
    const byKey = new Map(rows.map((row) => [keyOf(row.controller, Number(row.epoch), Number(row.batch)), { rows: Number(row.rows), hash: row.hash }]))
    return new Map(group.map((p) => [p, byKey.get(keyOf(p.principal.controller, p.header.epoch, p.header.seq)) ?? nothing]))
  }

  /**
   * Waits until no server inserts rows of a controller's stream. A server that died or lost its controller may have left an
   * insert under way in a ClickHouse that others write to as well; the embedded engine ends with its server.
   */
  async settled({ org, controller }: IngestPrincipal, stream: StreamName): Promise<void> {
    if (this.record.embedded) return
    for (let tries = 0; (await this.inserts(nameOf(org, controller, stream))) > 0; tries++) {
      if (tries === 100) throw new PanoptesError('PAN0005', 'an insert of the same stream is still under way; send the batch again')
      await sleep(100)
    }
  }

  private async inserts(name: string): Promise<number> {
    const { cluster } = this.record
    const processes = cluster ? `clusterAllReplicas('${cluster}', system.processes)` : 'system.processes'
    const [row] = await this.record.query<{ n: number }>(
      `SELECT count() AS n FROM ${processes} WHERE query_kind = 'Insert' AND position(Settings['log_comment'], {name:String}) > 0`,
      { name },
    )
    return Number(row?.n ?? 0)
  }

  /** The highest batch of an epoch of which there are rows received at `sinceUs` or later; 0 where there are none. */
  async newest({ org, controller }: IngestPrincipal, stream: StreamName, epoch: number, sinceUs: number): Promise<number> {
    const [row] = await this.record.query<{ batch: number }>(
      `SELECT max(batch) AS batch FROM ${stream} WHERE received >= fromUnixTimestamp64Micro({since:Int64})
       AND org = {org:String} AND controller = {controller:String} AND epoch = {epoch:UInt64}`,
      { since: sinceUs, org, controller, epoch },
      { settings: { optimize_use_projections: 0 } },
    )
    return Number(row?.batch ?? 0)
  }

  private async insert(group: readonly Pending[], receivedUs: number, token: string): Promise<void> {
    const { stream } = group[0]!.header
    const total = group.reduce((sum, { header }) => sum + header.rows, 0)
    const blocks = group.flatMap((pending) => extend(pending.block, constantsOf(pending, receivedUs)))
    const columns = [...serverColumns, ...group[0]!.block.columns]
    const target: Target = Object.fromEntries(serverColumns.map(({ name }) => [name, name]))
    if (stream === 'accesses') {
      target[blockColumn.name] = total >= ownBlock ? '{block:UInt64}' : 'toUInt64(0)'
      for (const column of group[0]!.block.columns) {
        const stored = storedAs(column)
        target[stored.name] = stored.from
      }
    } else for (const { name } of group[0]!.block.columns) target[name] = name
    await this.record.insertNative(
      stream,
      blocks,
      columns,
      target,
      { block: receivedUs },
      {
        settings: {
          insert_deduplication_token: token,
          insert_deduplicate: 1,
          log_comment: [...new Set(group.map(({ principal }) => nameOf(principal.org, principal.controller, stream)))].join(''),
        },
      },
    )
  }

  /** Removes what is there of a batch that was never acknowledged. */
  private async remove({ principal, header }: Pending): Promise<void> {
    const { name, onCluster } = this.record.local(header.stream)
    await this.record.command(
      `ALTER TABLE ${name}${onCluster} DELETE IN PARTITION ${header.day.replaceAll('-', '')} WHERE org = {org:String} AND controller = {controller:String} AND epoch = {epoch:UInt64} AND batch = {batch:UInt64}`,
      { org: principal.org, controller: principal.controller, epoch: header.epoch, batch: header.seq },
      { settings: { mutations_sync: 2 } },
    )
  }
}

/** What tells the inserts of a controller's stream from others while they run. */
function nameOf(org: string, controller: string, stream: StreamName): string {
  return `[${org}/${controller}/${stream}]`
}

function constantsOf({ principal, header }: Pending, receivedUs: number): Constant[] {
  const values: { [column: string]: string | number } = { ...principal, received: receivedUs, epoch: header.epoch, batch: header.seq }
  return serverColumns.map(({ name, type }) => ({ name, type: type as Constant['type'], value: values[name]! }))
}

function tokenOf(group: readonly Pending[]): string {
  return group
    .map(({ principal, header }) => `${principal.org}/${principal.controller}/${header.stream}/${header.epoch}/${header.seq}/${header.sha256}`)
    .join(' ')
}

function nextDay(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 19).replace('T', ' ')
}
