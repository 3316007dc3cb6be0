import type { Logger } from 'pino'
import type { RecordStore } from '../platform/record/index.ts'
import type { DiskWatch } from './disk.ts'
import { reportLosses } from './losses.ts'

const scrubEvery = 6 * 3_600_000
const suspectEvery = 15_000
/** A merge that a full disk has met ends within this time. */
const suspectFor = 60_000

/** Looks after what is stored: at start, after the engine came back, when a read met damage, and now and then all of it. */
export class Keeper {
  private readonly record: RecordStore
  private readonly log: Logger
  private readonly disk: DiskWatch | undefined
  private timers: NodeJS.Timeout[] = []
  private looking: Promise<void> | undefined

  constructor(record: RecordStore, log: Logger, disk?: DiskWatch) {
    this.record = record
    this.log = log
    this.disk = disk
  }

  async start(): Promise<void> {
    if (!this.record.embedded) return
    await this.look(false)
    this.record.engine?.whenBack(() => void this.look(false))
    this.record.onDamage(() => void this.look(true))
    this.timers = [setInterval(() => void this.look(true), scrubEvery), setInterval(() => this.suspect(), suspectEvery)]
    for (const timer of this.timers) timer.unref()
  }

  /**
   * A merge that meets a full disk may end in a part that is cut short and yet takes the place of those it was made of (seen
   * with ClickHouse 26.7 on a disk filled from outside). They lie there for eight more minutes: it is looked for at once.
   */
  private suspect(): void {
    try {
      if (this.disk?.fullWithin(suspectFor)) void this.look({ youngerThanS: (2 * suspectFor) / 1_000 })
    } catch (error) {
      this.log.error({ err: error }, 'the free space of the disk cannot be read')
    }
  }

  /** Reports what was set aside and what is missing; with `scrub` every part, or every young one, is read and compared with its checksums first. */
  look(scrub: boolean | { youngerThanS: number }): Promise<void> {
    this.looking ??= (async () => {
      try {
        if (scrub) await this.record.scrub(scrub === true ? {} : scrub)
        else await this.record.findDetached()
        await reportLosses(this.record, this.log)
      } catch (error) {
        this.log.error({ err: error }, 'looking after the record failed')
      } finally {
        this.looking = undefined
      }
    })()
    return this.looking
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer)
  }
}
