import type { StreamName } from '@panoptes/contract/ingest'
import { accessLayout, S } from './access.ts'
import { Addresses } from './addresses.ts'
import type { Interner } from './interner.ts'
import { NativeWriter } from './native.ts'
import { Rows } from './rows.ts'

/** A batch that is whole but not yet compressed. */
export interface RawBatch {
  stream: StreamName
  /** UTC day of every row. */
  day: string
  rows: number
  /** Earliest and latest ts of the rows, microseconds since 1970. */
  from: number
  until: number
  /** Rows by proxy, to tell what was lost should it ever be dropped. */
  proxies: Record<string, number>
  /** One block in ClickHouse's Native format. */
  block: Buffer
  /** Gives the block's memory back. */
  release?: () => void
}

export interface BatcherOptions {
  maxRows: number
  maxBytes: number
  /** Milliseconds that a row waits at most: so much is lost with a controller that is killed. */
  maxAge: number
  /** How many days may be open at once; one more and the oldest is sealed. */
  maxDays: number
}

/** Looks at rows before they leave, after they have waited for news about them. */
export interface Finisher {
  /** Milliseconds that rows wait for it once their batch is closed; those that must leave at once do not. */
  waitMs(): number
  finish(rows: Rows, interner: Interner): void
}

export const defaultBatching: BatcherOptions = { maxRows: 10_000, maxBytes: 12 * 1024 * 1024, maxAge: 250, maxDays: 4 }

interface Open {
  day: number
  since: number
  rows: Rows
}

/** Gathers access rows by UTC day and seals a batch when it is large or old enough. */
export class AccessBatcher {
  private readonly interner: Interner
  private readonly native: NativeWriter
  private readonly options: BatcherOptions
  private readonly seal: (batch: RawBatch) => void
  private readonly now: () => number
  private readonly open = new Map<number, Open>()
  private readonly spare: Rows[] = []
  private current: Open | undefined
  /** Closed batches that wait for the finisher, oldest first. */
  private closed: Open[] = []
  private finisher: Finisher | undefined
  private ticked = 0

  constructor(interner: Interner, seal: (batch: RawBatch) => void, now: () => number = Date.now, options: BatcherOptions = defaultBatching) {
    this.interner = interner
    this.native = new NativeWriter(interner, new Addresses(interner))
    this.seal = seal
    this.now = now
    this.options = options
  }

  /** Has rows looked at before they leave, from now on. */
  finishBy(finisher: Finisher): void {
    this.finisher = finisher
  }

  /** The open rows of a day (counted since 1970). */
  rows(day: number): Rows {
    if (this.current?.day === day) return this.current.rows
    let open = this.open.get(day)
    if (!open) {
      if (this.open.size >= this.options.maxDays) this.close(this.open.values().next().value!)
      open = { day, since: this.now(), rows: this.spare.pop() ?? new Rows(accessLayout, this.options.maxRows) }
      this.open.set(day, open)
    }
    this.current = open
    return open.rows
  }

  /** To be called after each row: seals the batch it went to when that is full. */
  written(rows: Rows): void {
    if (rows.count >= this.options.maxRows || ((rows.count & 63) === 0 && rows.size > this.options.maxBytes)) this.close(this.current!)
  }

  /** Seals what has waited long enough. */
  sealDue(): void {
    const due = this.now() - this.options.maxAge
    for (const open of [...this.open.values()]) if (open.since <= due) this.close(open)
    // Only what was due a tick ago: after a pause of this process, news that waits is read first.
    this.leave(this.ticked - (this.finisher?.waitMs() ?? 0))
    this.ticked = this.now()
  }

  sealAll(): void {
    for (const open of [...this.open.values()]) this.close(open)
    this.leave(Number.POSITIVE_INFINITY)
  }

  /** Lets go of batches that were closed by then. */
  private leave(closedBy: number): void {
    while (this.closed[0] && this.closed[0].since <= closedBy) this.finish(this.closed.shift()!)
  }

  /** Seals everything and starts the interner anew: for when it is full. */
  restart(): void {
    this.sealAll()
    this.interner.clear()
  }

  private close(open: Open): void {
    this.open.delete(open.day)
    if (this.current === open) this.current = undefined
    if (this.finisher && open.rows.count > 0) this.closed.push({ ...open, since: this.now() })
    else this.finish(open)
  }

  private finish(open: Open): void {
    const { rows } = open
    if (rows.count > 0) {
      this.finisher?.finish(rows, this.interner)
      this.seal(this.batch(open))
    }
    rows.clear()
    if (this.spare.length < this.options.maxDays) this.spare.push(rows)
  }

  private batch({ day, rows }: Open): RawBatch {
    const { width } = rows.layout
    const proxies = new Map<number, number>()
    let from = Number.POSITIVE_INFINITY
    let until = 0
    for (let i = 0, w = 0; i < rows.count; i++, w += width) {
      const proxy = rows.words[w + S.proxy]!
      proxies.set(proxy, (proxies.get(proxy) ?? 0) + 1)
      const ts = rows.words[w + S.ts + 1]! * 4294967296 + rows.words[w + S.ts]!
      if (ts < from) from = ts
      if (ts > until) until = ts
    }
    return {
      stream: 'accesses',
      day: new Date(day * 86_400_000).toISOString().slice(0, 10),
      rows: rows.count,
      from,
      until,
      proxies: Object.fromEntries([...proxies].map(([id, n]) => [this.interner.text(id), n])),
      ...this.native.write(rows),
    }
  }
}
