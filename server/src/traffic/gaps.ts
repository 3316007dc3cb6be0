import { type Gap, mostGaps, readGaps } from './completeness.ts'
import type { Reader, Scope } from './reader.ts'
import type { TimeWindow } from './window.ts'

const minuteUs = 60e6
const keepMs = 5_000
const most = 100

interface Kept {
  atMs: number
  gaps: Promise<Gap[]>
}

/**
 * The known holes of windows, kept for a few seconds: every chart shows them, and those of a page ask for one window several
 * times at once.
 */
export class Gaps {
  private readonly kept = new Map<string, Kept>()

  /** The holes that touch a window. */
  async of(reader: Reader, scope: Scope, { fromUs, toUs }: TimeWindow): Promise<Gap[]> {
    const from = Math.floor(fromUs / minuteUs) * minuteUs
    const to = Math.ceil(toUs / minuteUs) * minuteUs
    const gaps = await this.keep(`${from} ${to} ${JSON.stringify(scope)}`, () => readGaps(reader, from, to))
    // Those of the whole minutes around it may leave no room for its own.
    if (gaps.length >= mostGaps) return readGaps(reader, fromUs, toUs)
    return gaps.filter((gap) => Date.parse(gap.from) * 1000 < toUs && Date.parse(gap.to) * 1000 >= fromUs)
  }

  private keep(key: string, ask: () => Promise<Gap[]>): Promise<Gap[]> {
    const found = this.kept.get(key)
    if (found && Date.now() - found.atMs < keepMs) return found.gaps
    this.kept.delete(key)
    const gaps = ask()
    this.kept.set(key, { atMs: Date.now(), gaps })
    gaps.catch(() => this.kept.delete(key))
    for (const old of this.kept.keys()) {
      if (this.kept.size <= most) break
      this.kept.delete(old)
    }
    return gaps
  }
}
