import type { Logger } from 'pino'
import type { RecordStore } from '../platform/record/index.ts'
import { reportLosses } from './losses.ts'

const scrubEvery = 6 * 3_600_000

/** Looks after what is stored: at start, after the engine came back, when a read met damage, and now and then all of it. */
export class Keeper {
  private readonly record: RecordStore
  private readonly log: Logger
  private timer: NodeJS.Timeout | undefined
  private looking: Promise<void> | undefined

  constructor(record: RecordStore, log: Logger) {
    this.record = record
    this.log = log
  }

  async start(): Promise<void> {
    if (!this.record.embedded) return
    await this.look(false)
    this.record.engine?.whenBack(() => void this.look(false))
    this.record.onDamage(() => void this.look(true))
    this.timer = setInterval(() => void this.look(true), scrubEvery)
    this.timer.unref()
  }

  /** Reports what was set aside and what is missing; with `scrub` every part is read and compared with its checksums first. */
  look(scrub: boolean): Promise<void> {
    this.looking ??= (async () => {
      try {
        if (scrub) await this.record.scrub()
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
    clearInterval(this.timer)
  }
}
