import { type Line, type Output, RefusedError } from './output.ts'

export interface QueueLimits {
  /** Characters that may wait. */
  waiting: number
  /** Lines handed over at once. */
  batch: number
  /** Pauses between attempts, in ms; the last one stays. */
  pauses: readonly number[]
  /** A batch that fails for so long is given up. */
  giveUpMs: number
}

export const defaultQueueLimits: QueueLimits = { waiting: 32 * 1024 * 1024, batch: 500, pauses: [200, 1_000, 5_000, 15_000], giveUpMs: 300_000 }

/** Lines on their way to one output: bounded, in order, tried again. What cannot wait or is refused is counted as failed. */
export class SinkQueue {
  sent = 0
  failed = 0
  lastError = ''
  private readonly output: Output
  private readonly limits: QueueLimits
  private readonly lines: Line[] = []
  private characters = 0
  private working = false
  private closed = false
  private wake: (() => void) | undefined

  constructor(output: Output, limits = defaultQueueLimits) {
    this.output = output
    this.limits = limits
  }

  push(lines: readonly Line[]): void {
    for (const line of lines) {
      if (this.characters + line.text.length > this.limits.waiting) {
        this.failed++
        this.lastError = 'the receiver is too slow: lines were left out'
      } else {
        this.lines.push(line)
        this.characters += line.text.length
      }
    }
    if (!this.working && this.lines.length > 0) void this.work()
  }

  /** Counts lines that never came here. */
  miss(count: number): void {
    this.failed += count
    this.lastError = 'the server is too busy: lines were left out'
  }

  /** Stops; what waits is tried once more and then counted as failed. */
  async close(): Promise<void> {
    this.closed = true
    this.wake?.()
    while (this.working) await new Promise((resolve) => setTimeout(resolve, 20))
    await this.output.close().catch(() => {})
  }

  private async work(): Promise<void> {
    this.working = true
    while (this.lines.length > 0) await this.hand(this.lines.slice(0, this.limits.batch))
    this.working = false
  }

  private async hand(batch: readonly Line[]): Promise<void> {
    const began = Date.now()
    for (let attempt = 0; ; attempt++) {
      try {
        await this.output.send(batch)
        this.sent += batch.length
        this.lastError = ''
        break
      } catch (error) {
        this.lastError = (error as Error).message.slice(0, 500)
        if (error instanceof RefusedError || this.closed || Date.now() - began > this.limits.giveUpMs) {
          this.failed += batch.length
          break
        }
        await this.pause(this.limits.pauses[Math.min(attempt, this.limits.pauses.length - 1)]!)
      }
    }
    this.lines.splice(0, batch.length)
    this.characters -= batch.reduce((sum, line) => sum + line.text.length, 0)
  }

  private pause(ms: number): Promise<void> {
    if (this.closed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
