import type { ServerResponse } from 'node:http'
import type { Access, Completeness } from '@panoptes/contract'

/** How much may wait for a slow reader before accesses are left out and counted. */
const waitingBytes = 1024 * 1024

/** One reader of the live view: server-sent events `access`, `missed` and `completeness`. */
export class TailStream {
  private readonly response: ServerResponse
  private readonly perSecond: number
  private sentThisSecond = 0
  private missed = 0
  private readonly timers: NodeJS.Timeout[]

  constructor(response: ServerResponse, perSecond: number, completeness: () => Promise<Completeness | undefined>) {
    this.response = response
    this.perSecond = perSecond
    const tellCompleteness = () => {
      completeness().then(
        (value) => value && this.event('completeness', value),
        // The next round tries again; a live view does not end because a question failed.
        () => {},
      )
    }
    this.timers = [setInterval(() => this.second(), 1_000), setInterval(tellCompleteness, 15_000), setInterval(() => this.write(': still here\n\n'), 20_000)]
    for (const timer of this.timers) timer.unref()
    response.once('close', () => this.close())
    // The head leaves with the first byte: the reader knows at once that it is connected.
    this.write(': connected\n\n')
    tellCompleteness()
  }

  take(accesses: readonly Access[]): void {
    for (const access of accesses) {
      if (this.sentThisSecond >= this.perSecond || this.response.writableLength > waitingBytes) this.missed++
      else {
        this.sentThisSecond++
        this.event('access', access)
      }
    }
  }

  /** Counts accesses that this reader did not get. */
  miss(count: number): void {
    this.missed += count
  }

  close(): void {
    for (const timer of this.timers) clearInterval(timer)
    if (!this.response.writableEnded) this.response.end()
  }

  private second(): void {
    this.sentThisSecond = 0
    if (this.missed === 0 || this.response.writableLength > waitingBytes) return
    this.event('missed', { count: this.missed })
    this.missed = 0
  }

  private event(name: string, data: object): void {
    this.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  private write(text: string): void {
    if (!this.response.destroyed && !this.response.writableEnded) this.response.write(text)
  }
}
