import type { Ingest } from '../ingest/index.ts'

export interface Rates {
  /** Accepted by this replica, mean of the last minute. */
  rowsPerSecond(): number
  lastBatchAt(): Date | undefined
  close(): void
}

const stepMs = 5_000
const steps = 12

/** Watches what comes in. */
export function watchRates(ingest: Pick<Ingest, 'status' | 'subscribe'>): Rates {
  let last: Date | undefined
  const samples: { at: number; rows: number }[] = [{ at: Date.now(), rows: ingest.status().rows }]
  const stop = ingest.subscribe(({ received }) => {
    last = received
  })
  const timer = setInterval(() => {
    samples.push({ at: Date.now(), rows: ingest.status().rows })
    if (samples.length > steps + 1) samples.shift()
  }, stepMs)
  timer.unref()
  return {
    rowsPerSecond() {
      const first = samples[0]!
      const seconds = (Date.now() - first.at) / 1000
      return seconds > 0 ? (ingest.status().rows - first.rows) / seconds : 0
    },
    lastBatchAt: () => last,
    close() {
      clearInterval(timer)
      stop()
    },
  }
}
