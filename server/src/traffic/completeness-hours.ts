import { setImmediate } from 'node:timers/promises'
import { readSources, settleUs } from './completeness.ts'
import { type Tally, TallySum, tallyOf } from './completeness-tally.ts'
import type { Reader } from './reader.ts'

export const hourUs = 3_600e6
/** Samples of an hour's entries come this much later, at most. */
const samplesUs = 120e6
/** Late batches that another server took are noticed by looking again: soon after the hour, later ever more seldom. */
const [keptMs, keptOfAge] = [15 * 60_000, 0.25]
/** Hours of all scopes that are kept, sources in all of them (4 bytes each), and different sources. */
const most = { hours: 5_000, sources: 8_000_000, names: 500_000 }

interface Kept {
  org: string
  fromUs: number
  atMs: number
  removals: number
  tally: Tally<number>
}

/**
 * What the counters say of whole hours that are over, kept: a window of days adds up hours instead of comparing millions of
 * entries with their proxies' samples again. Hours that are missing are read one after the other, while nobody asks, or after
 * ten seconds each.
 */
export class HourTallies {
  private readonly kept = new Map<string, Kept>()
  private readonly numbers = new Map<string, number>()
  private sources = 0
  private queue: Promise<unknown> = Promise.resolve()
  /** The hour that is being read, and whether something came into it meanwhile. */
  private reading: { org: string; fromUs: number; stale: boolean } | undefined

  /** Forgets hours into which a batch brought late entries or samples: its newest tells when they ended. */
  changed(org: string, untilUs: number): void {
    const touched = (hour: { org: string; fromUs: number }) => hour.org === org && hour.fromUs - hourUs <= untilUs && untilUs < hour.fromUs + hourUs + samplesUs
    for (const [key, hour] of this.kept) if (touched(hour)) this.forget(key)
    if (this.reading && touched(this.reading)) this.reading.stale = true
  }

  /** The tally of a window that begins with an hour; `scope` is the key of what the reader may see. */
  async tally(reader: Reader, scope: string, org: string, fromUs: number, toUs: number, nowUs: number): Promise<Tally<number>> {
    const over = Math.floor((Math.min(toUs, nowUs - settleUs - samplesUs) - fromUs) / hourUs)
    const hours = Array.from({ length: Math.max(0, over) }, (_, i) => fromUs + i * hourUs)
    const sum = new TallySum<number>()
    for (const hour of hours) {
      sum.add(await this.hour(reader, scope, org, hour))
      // Thousands of names an hour: others may have their turn.
      await setImmediate()
    }
    const begun = fromUs + hours.length * hourUs
    if (begun < toUs) sum.add(this.numbered(await readTally(reader, begun, toUs, nowUs)))
    return sum.result()
  }

  private hour(reader: Reader, scope: string, org: string, fromUs: number): Promise<Tally<number>> | Tally<number> {
    const key = `${fromUs} ${scope}`
    const found = () => {
      const kept = this.kept.get(key)
      const keptFor = Math.max(keptMs, keptOfAge * (Date.now() - fromUs / 1000))
      return kept && kept.removals === (reader.removals?.() ?? 0) && Date.now() - kept.atMs < keptFor ? kept.tally : undefined
    }
    const known = found()
    if (known) return known
    const asked = this.queue.then(() => found() ?? this.read(reader, key, org, fromUs))
    this.queue = asked.catch(() => {})
    return asked
  }

  private async read(reader: Reader, key: string, org: string, fromUs: number): Promise<Tally<number>> {
    await reader.calm?.()
    const reading = { org, fromUs, stale: false }
    this.reading = reading
    const atMs = Date.now()
    const removals = reader.removals?.() ?? 0
    const tally = this.numbered(await readTally(reader, fromUs, fromUs + hourUs, atMs * 1000))
    this.forget(key)
    if (!reading.stale) this.keep(key, { org, fromUs, atMs, removals, tally })
    return tally
  }

  private keep(key: string, kept: Kept): void {
    this.kept.set(key, kept)
    this.sources += sourcesOf(kept)
    for (const old of this.kept.keys()) {
      if (this.kept.size <= most.hours && this.sources <= most.sources) break
      this.forget(old)
    }
  }

  private forget(key: string): void {
    const kept = this.kept.get(key)
    if (!kept) return
    this.sources -= sourcesOf(kept)
    this.kept.delete(key)
  }

  /** Sources by number: the same thousands of names hour after hour. */
  private numbered(tally: Tally): Tally<number> {
    if (this.numbers.size > most.names) {
      for (const key of this.kept.keys()) this.forget(key)
      this.numbers.clear()
    }
    const numberOf = (name: string) => {
      const number = this.numbers.get(name) ?? this.numbers.size
      this.numbers.set(name, number)
      return number
    }
    return { ...tally, known: Uint32Array.from(tally.known, numberOf), unknownSources: Uint32Array.from(tally.unknownSources, numberOf) }
  }
}

const sourcesOf = ({ tally }: Kept) => tally.known.length + tally.unknownSources.length

/** The tally of one stretch, from the rows, on one thread. */
export async function readTally(reader: Reader, fromUs: number, toUs: number, nowUs: number): Promise<Tally> {
  const question = { fromUs, toUs, grid: { originUs: fromUs, stepUs: toUs - fromUs } }
  return tallyOf(await readSources(reader, question, nowUs, { maxThreads: 1 }), (cell) => cell.bucket === 0)
}
