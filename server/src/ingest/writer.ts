import { PanoptesError } from '@panoptes/contract'
import type { Head, Lane } from './lane.ts'
import { chainOf, type Entry, type Ledger, type Link } from './ledger.ts'
import type { Held, Pending, Store } from './store.ts'

/** A batch in its lane; nobody waits for it any more once `signal` is aborted. */
interface Item extends Pending {
  lane: Lane
  doubtfulSince: number | undefined
  /** Further batches of the same message are about to be queued. */
  followed?: boolean
  signal?: AbortSignal
}

interface Queued extends Item {
  done: (receivedUs: number) => void
  failed: (error: unknown) => void
}

/** Rows that go into the record in one insert at most. */
const maxRows = 131_072
/** So many rows are worth an insert of their own: they do not wait for more. */
const manyRows = 50_000
/** Milliseconds within which the rest of a message is unpacked. */
const restMs = 200

/**
 * Groups batches of one stream and day that wait at the same time into one insert. The next group gathers while one is
 * written, and for a moment longer: the record pays for each insert and for merging it, however few its rows are.
 */
export class Writer {
  private readonly store: Store
  private readonly ledger: Ledger
  private readonly queues = new Map<string, Queued[]>()
  private readonly busy = new Map<string, Promise<void>>()
  private lastReceivedUs = 0
  private paused: Promise<void> | undefined
  private readonly everyMs: number
  /** Those that gather: how many rows end the pause, and what ends it. */
  private readonly gathering = new Map<string, { rows: number; wake: () => void }>()
  private ending = false

  /** `everyMs` lie between the beginnings of two inserts, unless many rows wait. */
  constructor(store: Store, ledger: Ledger, everyMs: number) {
    this.store = store
    this.ledger = ledger
    this.everyMs = everyMs
  }

  /** Stores a batch; resolves with its time of receipt once it is durable, rejects where it is not known to be. */
  write(pending: Item): Promise<number> {
    const key = `${pending.header.stream}/${pending.header.day}`
    return new Promise((done, failed) => {
      const queue = this.queues.get(key) ?? []
      queue.push({ ...pending, done, failed })
      this.queues.set(key, queue)
      const gathering = this.gathering.get(key)
      if (gathering && !pending.followed && rowsOf(queue) >= gathering.rows) gathering.wake()
      if (!this.busy.has(key)) this.busy.set(key, this.drain(key))
    })
  }

  /** Lets running groups end and runs `work` while none is written: for a consistent copy. */
  async still<T>(work: () => Promise<T>): Promise<T> {
    let release = () => {}
    this.paused = new Promise((resolve) => {
      release = resolve
    })
    try {
      await Promise.all([...this.writing])
      return await work()
    } finally {
      this.paused = undefined
      release()
    }
  }

  /** Writes what waits without any more pauses; resolves once nothing is under way. */
  async end(): Promise<void> {
    this.ending = true
    for (const { wake } of this.gathering.values()) wake()
    while (this.busy.size > 0) await Promise.all(this.busy.values())
  }

  private readonly writing = new Set<Promise<void>>()
  /** Chains that a group is adding to: batches of another day or epoch of the same stream wait for it. */
  private readonly chaining = new Map<Head, Promise<void>>()

  private async drain(key: string): Promise<void> {
    for (let queue = this.queues.get(key)!; queue.length > 0; ) {
      if (queue.at(-1)!.followed) await this.gather(key, restMs, 0)
      await this.paused
      const before = queue.map(({ lane }) => this.chaining.get(lane.head)).find((work) => work !== undefined)
      if (before) {
        await before
        continue
      }
      const nextAt = performance.now() + this.everyMs
      abandon(queue)
      const group = takeGroup(queue)
      const work = this.writeGroup(group).catch((error: unknown) => {
        for (const { lane, failed } of group) {
          lane.forget()
          failed(error)
        }
      })
      this.writing.add(work)
      for (const { lane } of group) this.chaining.set(lane.head, work)
      await work
      this.writing.delete(work)
      for (const { lane } of group) this.chaining.delete(lane.head)
      if (rowsOf(queue) < manyRows) await this.gather(key, nextAt - performance.now(), manyRows)
    }
    this.queues.delete(key)
    this.busy.delete(key)
  }

  /** Waits so long, or until so many rows wait and no message is in the middle. */
  private async gather(key: string, ms: number, rows: number): Promise<void> {
    if (ms <= 0 || this.ending) return
    await new Promise<void>((done) => {
      const timer = setTimeout(done, ms)
      const wake = () => {
        clearTimeout(timer)
        done()
      }
      this.gathering.set(key, { rows, wake })
    })
    this.gathering.delete(key)
  }

  private async writeGroup(queued: readonly Queued[]): Promise<void> {
    const group: Queued[] = []
    for (const item of queued) if (inOrder(item, group)) group.push(item)
    for (const item of queued)
      if (!group.includes(item)) item.failed(new PanoptesError('PAN0005', 'the batch before this one could not be stored; send it again'))
    if (group.length === 0) return
    // Order of receipt is order of the chain, also where a clock was set back.
    group.sort((a, b) => a.header.epoch - b.header.epoch || a.header.seq - b.header.seq)
    const heads = new Map<Head, Link>()
    for (const { lane } of group) if (!heads.has(lane.head)) heads.set(lane.head, lane.head.last ?? (await this.ledger.head(lane.principal, lane.stream)))
    this.lastReceivedUs = Math.max(Date.now() * 1000, this.lastReceivedUs + 1, ...[...heads.values()].map((head) => head.received + 1))
    const receivedUs = this.lastReceivedUs
    const doubtful = new Map<Pending, number>()
    for (const item of group) if (item.doubtfulSince !== undefined) doubtful.set(item, item.doubtfulSince)
    const held = await this.store.put(group, receivedUs, doubtful)
    // What was abandoned meanwhile is for the server that is asked next: it finds the rows and writes the line of the ledger.
    abandon(group)
    if (group.length === 0) return
    const entries = entriesOf(group, held, receivedUs, heads)
    await this.ledger.write(entries)
    for (const [i, item] of group.entries()) {
      const { seq, sha256, chain, received } = entries[i]!
      item.lane.durable = { seq, sha256, received }
      item.lane.head.last = { chain, received }
      item.done(receivedUs)
    }
  }
}

/**
 * Lets go of what nobody waits for any more: its controller sends it again, perhaps to another server, which must not find
 * that this one stores it after all.
 */
function abandon(queue: Queued[]): void {
  for (const item of queue.filter(({ signal }) => signal?.aborted)) {
    queue.splice(queue.indexOf(item), 1)
    item.lane.forget()
    item.failed(new PanoptesError('PAN0005', 'the controller went away before the batch was stored; it sends it again'))
  }
}

function rowsOf(queue: readonly Queued[]): number {
  return queue.reduce((rows, { header }) => rows + header.rows, 0)
}

function takeGroup(queue: Queued[]): Queued[] {
  let rows = 0
  let count = 0
  while (count < queue.length && (count === 0 || rows + queue[count]!.header.rows <= maxRows)) rows += queue[count++]!.header.rows
  return queue.splice(0, count)
}

/** A batch whose predecessor failed must not be stored: the ledger would have a hole. */
function inOrder(item: Queued, taken: readonly Queued[]): boolean {
  const before = taken.findLast((other) => other.lane === item.lane)
  const at = before ? before.header : item.lane.durable
  return at !== undefined && item.header.seq === at.seq + 1
}

/** Lines of the ledger for a group, chained to what stands in `heads`, which afterwards holds their last links. */
function entriesOf(group: readonly Queued[], held: ReadonlyMap<Pending, Held>, received: number, heads: Map<Head, Link>): Entry[] {
  return group.map((item) => {
    const { principal, header, block, bytes, lane } = item
    const { stream, epoch, seq, schema, day, rows, sha256 } = header
    const { org, cluster, controller, origin } = principal
    const entry = { org, cluster, controller, origin, stream, epoch, seq, schema, day, rows, bytes, sha256, rows_hash: held.get(item)!.hash }
    const chain = chainOf(heads.get(lane.head)!.chain, entry)
    heads.set(lane.head, { chain, received })
    return { ...entry, from_ts: block.fromUs, until_ts: block.untilUs, received, chain }
  })
}
