import { type BatchHeader, PanoptesError, type StreamName } from '@panoptes/contract'
import type { Ledger, Link, Position } from './ledger.ts'
import type { Store } from './store.ts'
import type { IngestPrincipal } from './types.ts'

/** A clock that was set back between two servers must not hide a batch in doubt. */
const clockSlackUs = 86_400_000_000

/** What a lane says to a batch; `doubtfulSince` where its rows may be in the record already, received at that moment (us) or later. */
export type Verdict = { take: true; doubtfulSince: number | undefined } | { take: false; wait: Promise<unknown> | undefined; acknowledged: number }

const expected = (epoch: number, seq: number, why: string) =>
  new PanoptesError('PAN0302', `${why}; expected is epoch ${epoch}, batch ${seq}`, { expected: { epoch, seq } })

/** The last link of the chain over all batches of a controller's stream, whatever their epoch; undefined until it is read from the ledger. */
export interface Head {
  last: Link | undefined
}

/**
 * One epoch of one stream of one controller: its batches go in order, and batches that may be stored already are looked
 * for first. Several epochs of a stream may live at once: a controller that catches up sends its backlog beside what is new.
 */
export class Lane {
  readonly principal: IngestPrincipal
  readonly stream: StreamName
  readonly epoch: number
  readonly head: Head
  private readonly ledger: Ledger
  private readonly store: Store
  /** The last batch that is durable; undefined until it is read from the ledger. */
  durable: Position | undefined
  /** The last batch that was admitted: ahead of `durable` while batches are under way. */
  private admitted: { seq: number; sha256: string; day: string } | undefined
  /** Rows up to this batch are in the record though the ledger knows none of them: a crash came between the two. */
  private doubt = { until: 0, since: 0 }
  private underWay: Promise<unknown> | undefined
  /** Settles once the last admitted batch is in the writer's queue. */
  private begun: Promise<unknown> | undefined
  private gate: Promise<unknown> = Promise.resolve()

  constructor(principal: IngestPrincipal, { stream, epoch }: Pick<BatchHeader, 'stream' | 'epoch'>, head: Head, ledger: Ledger, store: Store) {
    this.principal = principal
    this.stream = stream
    this.epoch = epoch
    this.head = head
    this.ledger = ledger
    this.store = store
  }

  /** Runs one admission at a time, in the order in which batches came. */
  serial<T>(work: () => Promise<T>): Promise<T> {
    const done = this.gate.then(work, work)
    this.gate = done.catch(() => {})
    return done
  }

  /** Reads the position from the ledger at the next batch: after an error, or when another server may have written. */
  forget(): void {
    this.durable = undefined
    this.admitted = undefined
    this.underWay = undefined
    this.begun = undefined
    this.head.last = undefined
  }

  /** Waits for what is under way, then reads the position anew: a controller that opens a session may have spoken to another server. */
  async settled(): Promise<void> {
    await this.serial(async () => {
      await this.underWay?.catch(() => {})
      this.forget()
    })
  }

  /** Decides about a batch. Throws PAN0302 for a hole and PAN0303 for other content under a known name. */
  async judge(header: BatchHeader): Promise<Verdict> {
    const { epoch } = this
    this.durable ??= await this.begin()
    const last = this.admitted ?? this.durable
    const { seq, sha256, prev } = header
    if (seq === last.seq + 1) {
      if (prev !== last.sha256) throw new PanoptesError('PAN0303', `batch ${seq} names another batch before it than the stored one`)
      return { take: true, doubtfulSince: seq <= this.doubt.until ? this.doubt.since : undefined }
    }
    if (seq > last.seq) throw expected(epoch, last.seq + 1, last.seq === 0 ? 'a new epoch begins at batch 1' : `batch ${seq} leaves a hole`)
    const known = this.admitted?.seq === seq ? this.admitted.sha256 : await this.ledger.checksum(this.principal, header)
    if (known === undefined && seq <= this.durable.seq) throw expected(epoch, last.seq + 1, `batch ${seq} is not in the ledger`)
    if (known !== undefined && known !== sha256) throw new PanoptesError('PAN0303', `batch ${seq} of epoch ${epoch} is stored with other content`)
    return { take: false, wait: this.underWay, acknowledged: Math.max(seq, this.durable.seq) }
  }

  private async begin(): Promise<Position> {
    await this.store.settled(this.principal, this.stream)
    const durable = await this.ledger.position(this.principal, this.stream, this.epoch)
    const since = Math.max(0, durable.received - clockSlackUs)
    this.doubt = { until: await this.store.newest(this.principal, this.stream, this.epoch, since), since }
    return durable
  }

  /**
   * Writes a batch behind the one before it: together with that, or, where that is of another day and so of another insert,
   * once it is durable. Rejects where the one before could not be written.
   */
  behind<T>({ day }: BatchHeader, write: () => Promise<T>): Promise<T> {
    const before = this.admitted && this.admitted.day !== day ? this.underWay : this.begun
    const begun = Promise.resolve(before).then(() => ({ written: write() }))
    this.begun = begun
    return begun.then(({ written }) => written)
  }

  /** Notes that a batch is on its way; `stored` settles once it is durable or lost. */
  admit({ seq, sha256, day }: BatchHeader, stored: Promise<unknown>): void {
    this.admitted = { seq, sha256, day }
    this.underWay = stored
  }
}
