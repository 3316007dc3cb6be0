import type { Accepted, Row } from '../ingest/index.ts'
import { moment } from './compile.ts'
import { ask, type Reader } from './reader.ts'
import { readRow, selectList } from './rows.ts'
import { Parameters } from './sql.ts'

interface LedgerRow {
  org: string
  cluster: string
  controller: string
  origin: 'user' | 'demo'
  epoch: number
  seq: number
  rows: number
  fromUs: number
  untilUs: number
  receivedUs: number
}

export interface FollowOptions {
  /** The record without a scope: the ledger of all organizations. */
  record: Pick<Reader, 'query'>
  /** Whether anybody listens: else nothing is asked. */
  wanted: () => boolean
  take: (accepted: Accepted) => void
  fields: readonly string[]
  everyMs?: number
}

/** Clocks of replicas differ, and a ledger line appears a moment after its time. */
const overlapUs = 10e6

/**
 * Finds the batches that other replicas have accepted, in the ledger, and hands them to live readers as if they had come
 * here. Only where several servers share one record.
 */
export class Follower {
  private readonly options: FollowOptions
  private readonly seen = new Map<string, number>()
  private readonly timer: NodeJS.Timeout
  private sinceUs = Date.now() * 1000
  private busy = false

  constructor(options: FollowOptions) {
    this.options = options
    this.timer = setInterval(() => void this.round(), options.everyMs ?? 1_000)
    this.timer.unref()
  }

  /** Says that a batch came here: it will not be handed over again. */
  note({ principal: { org, controller }, header: { epoch, seq, stream } }: Accepted): void {
    if (stream === 'accesses') this.seen.set(keyOf({ org, controller, epoch, seq }), Date.now() * 1000)
  }

  close(): void {
    clearInterval(this.timer)
  }

  private async round(): Promise<void> {
    if (this.busy) return
    this.busy = true
    try {
      if (this.options.wanted()) await this.look()
      else this.sinceUs = Date.now() * 1000
    } catch {
      // The record is away: the next round begins where this one stopped.
    } finally {
      this.busy = false
    }
  }

  private async look(): Promise<void> {
    const p = new Parameters()
    const lines = await this.options.record.query<LedgerRow>(
      `SELECT org, cluster, controller, origin, epoch, seq, rows, toUnixTimestamp64Micro(from_ts) AS fromUs, toUnixTimestamp64Micro(until_ts) AS untilUs,
        toUnixTimestamp64Micro(received) AS receivedUs
      FROM batches WHERE stream = 'accesses' AND received > ${moment(this.sinceUs - overlapUs, p)} ORDER BY receivedUs LIMIT 1000`,
      p.values,
      ask(undefined),
    )
    for (const line of lines) {
      this.sinceUs = Math.max(this.sinceUs, Number(line.receivedUs))
      if (this.seen.has(keyOf(line))) continue
      this.seen.set(keyOf(line), Number(line.receivedUs))
      await this.hand(line)
    }
    for (const [key, atUs] of this.seen) if (atUs < this.sinceUs - 6 * overlapUs) this.seen.delete(key)
  }

  private async hand(line: LedgerRow): Promise<void> {
    const { org, cluster, controller, origin, epoch, seq } = line
    const { fields } = this.options
    const p = new Parameters()
    const same = `org = ${p.add('String', org)} AND controller = ${p.add('String', controller)} AND epoch = ${p.add('UInt64', epoch)} AND batch = ${p.add('UInt64', seq)}`
    const found = await this.options.record.query<object>(
      `SELECT ${selectList(fields)} FROM accesses WHERE ts BETWEEN ${moment(Number(line.fromUs), p)} AND ${moment(Number(line.untilUs), p)} AND ${same} ORDER BY row`,
      p.values,
      ask(undefined),
    )
    const rows = found.map((row): Row => readRow(Object.values(row), fields))
    const blank = { schema: 1, rawBytes: 1, sha256: '', prev: '', day: new Date(Number(line.fromUs) / 1000).toISOString().slice(0, 10) }
    this.options.take({
      principal: { org, cluster, controller, origin },
      header: { ...blank, stream: 'accesses', epoch: Number(epoch), seq: Number(seq), rows: Number(line.rows) },
      received: new Date(Number(line.receivedUs) / 1000),
      fromUs: Number(line.fromUs),
      untilUs: Number(line.untilUs),
      rows: () => rows,
    })
  }
}

function keyOf({ org, controller, epoch, seq }: Pick<LedgerRow, 'org' | 'controller' | 'epoch' | 'seq'>): string {
  return JSON.stringify([org, controller, Number(epoch), Number(seq)])
}
