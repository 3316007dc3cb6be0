import type { StreamName } from '@panoptes/contract/ingest'
import type { Logger } from 'pino'
import { type PackedBatch, packBatch, type RawBatch, TableBatcher } from '../batch/index.ts'
import type { Row } from './rows.ts'
import type { InventoryStore, Position, Stored } from './store.ts'

/** Where packed batches go. */
export interface PackedSpool {
  /** Resolves once the batch is held on disk, or dropped and counted. */
  submitPacked(batch: PackedBatch): Promise<void>
  /** Whether a batch with this checksum is held, or was the last that the server took. */
  holds(stream: StreamName, sha256: string): Promise<boolean>
  /** Batches that wait for the server. */
  readonly waiting: number
}

/** So much may wait for a flush before reading stops for it; while it is packed, it lies in memory about five times. */
const most = { rows: 4_000, bytes: 2 * 1024 * 1024 }
/** News wait this long for others (ms); longer while the server is behind, for few large batches cost it less than many small ones. */
const patience = { server: 1_000, behind: 5_000 }
const behind = 4
const streams = ['objects', 'containers', 'ip_leases', 'gaps'] as const
type Told = (typeof streams)[number]

/**
 * Gathers rows and what must be remembered with them, and hands both on together: first to the store in one transaction, then to the spool. What a crash
 * leaves between the two is handed on at the next start.
 */
export class Teller {
  private readonly store: InventoryStore
  private readonly spool: PackedSpool
  private readonly log: Logger
  private readonly now: () => number
  private readonly tables: Record<Told, TableBatcher>
  private sealed: RawBatch[] = []
  private positions = new Map<string, Position>()
  private set = new Map<string, Stored>()
  private deleted = new Set<string>()
  private facts: Record<string, string> = {}
  private flushedAt = 0
  private rows = 0
  private bytes = 0
  private lastUs: number
  private tail: Promise<void> = Promise.resolve()
  private stopped = false
  private prepare = () => {}

  constructor(store: InventoryStore, spool: PackedSpool, log: Logger, now: () => number) {
    this.store = store
    this.spool = spool
    this.log = log
    this.now = now
    this.lastUs = Number(store.fact('last') ?? 0)
    this.tables = Object.fromEntries(streams.map((stream) => [stream, new TableBatcher(stream, (raw) => this.sealed.push(raw))])) as Record<Told, TableBatcher>
  }

  /** Calls back right before what was told is taken for a flush. */
  beforeFlush(prepare: () => void): void {
    this.prepare = prepare
  }

  /** Microseconds since 1970; never the same twice, and never less than before, whatever the clock does. */
  moment(): number {
    this.lastUs = Math.max(this.now() * 1000, this.lastUs + 1)
    return this.lastUs
  }

  /** Adds a row; it gets the moment of now unless it has one. Answers the moment. */
  tell(stream: Told, row: Row): number {
    const ts = this.moment()
    const told = { ts, ...row }
    this.tables[stream].add(told)
    this.rows++
    for (const value of Object.values(row)) this.bytes += typeof value === 'string' ? value.length : 8
    return ts
  }

  remember(stored: Stored): void {
    this.deleted.delete(stored.object.uid)
    this.set.set(stored.object.uid, stored)
  }

  forget(uid: string): void {
    this.set.delete(uid)
    this.deleted.add(uid)
  }

  stand(resource: string, position: Position): void {
    this.positions.set(resource, position)
  }

  note(name: string, value: string): void {
    this.facts[name] = value
  }

  /** True where so much waits that reading must wait for a flush. */
  get full(): boolean {
    return this.rows >= most.rows || this.bytes >= most.bytes
  }

  /** True where it is time for a flush. */
  get due(): boolean {
    return this.now() - this.flushedAt >= (this.spool.waiting >= behind ? patience.behind : patience.server)
  }

  /** Hands on to the spool what a crash left behind. To be called once, before anything is told. */
  async recover(): Promise<void> {
    for (const { id, batch } of this.store.outbox()) {
      if (!(await this.spool.holds(batch.meta.stream, batch.meta.sha256))) await this.spool.submitPacked(batch)
      this.store.held(id)
    }
  }

  /** Hands on all that was told until now; resolves once the spool holds it. Flushes go one after the other. */
  flush(): Promise<void> {
    const next = this.tail.then(() => this.flushNow())
    this.tail = next.catch(() => undefined)
    return next
  }

  /** Flushes and takes nothing any more. */
  async stop(): Promise<void> {
    this.stopped = true
    await this.flush()
  }

  private async flushNow(): Promise<void> {
    this.prepare()
    for (const stream of streams) this.tables[stream].flush()
    const { sealed, positions, set, deleted } = this
    if (sealed.length + positions.size + set.size + deleted.size + Object.keys(this.facts).length === 0) return
    this.flushedAt = this.now()
    const facts = { ...this.facts, last: String(this.lastUs) }
    this.sealed = []
    this.positions = new Map()
    this.set = new Map()
    this.deleted = new Set()
    this.facts = {}
    this.rows = 0
    this.bytes = 0
    const batches = await Promise.all(sealed.map((raw) => packBatch(raw, this.now())))
    await this.insist(() => this.store.commit({ positions, set, deleted, batches, facts }))
    for (const { id, batch } of batches.length > 0 ? this.store.outbox() : []) {
      await this.spool.submitPacked(batch)
      await this.insist(() => this.store.held(id))
    }
  }

  /** A full disk is waited out: what was told stays in memory, and reading stops. */
  private async insist(work: () => void): Promise<void> {
    for (let said = false; ; ) {
      try {
        work()
        return
      } catch (error) {
        if (this.stopped) throw error
        if (!said) this.log.error({ error: (error as Error).message }, 'what the watch knows cannot be written; trying again')
        said = true
        await new Promise((done) => setTimeout(done, 1_000))
      }
    }
  }
}
