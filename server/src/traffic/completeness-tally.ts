import type { Completeness } from '@panoptes/contract'
import type { Cell, Source } from './completeness-cells.ts'

/** What cells say together, in a form that can be added: of one stretch of time to that of the next. `Name` stands for a source. */
export interface Tally<Name = string> {
  cells: number
  /** Cells whose counters prove something. */
  judged: number
  received: number
  /** Entries that counters saw and the record does not hold; less than 0 where a neighbour holds them. */
  missing: number
  unknown: boolean
  pending: boolean
  /** A source without counters was looked at: its silence proves nothing. */
  uncounted: boolean
  /** Sources with a cell, by whether they have counters. */
  known: Iterable<Name> & { length: number }
  unknownSources: Iterable<Name> & { length: number }
}

/** Adds up cells, wherever they are from. */
export function tallyCells(cells: readonly Cell[]): Tally {
  const judged = cells.filter((cell) => cell.known && !(cell.unknown && cells.length === 1))
  return {
    cells: cells.length,
    judged: judged.length,
    received: cells.reduce((all, cell) => all + cell.received, 0),
    missing: judged.reduce((all, cell) => all + missingIn(cell), 0),
    unknown: cells.some((cell) => !cell.known || cell.unknown || cell.uncovered > 0),
    pending: cells.some((cell) => cell.pending),
    uncounted: false,
    known: [],
    unknownSources: [],
  }
}

/** A killed proxy may have sent more than it still counted: that is no loss and makes up for none. */
function missingIn({ expected, received, uncovered, unknown }: Cell): number {
  const difference = expected - (received - uncovered)
  return unknown ? Math.max(0, difference) : difference
}

/** Adds up the cells of some sources that `counts` takes. */
export function tallyOf(sources: readonly Source[], counts: (cell: Cell) => boolean): Tally & { known: string[]; unknownSources: string[] } {
  const seen = sources.filter((source) => source.cells.some(counts))
  const names = (known: boolean) => seen.filter((source) => source.known === known).map(nameOf)
  return {
    ...tallyCells(seen.flatMap((source) => source.cells.filter(counts))),
    uncounted: sources.some((source) => !source.known),
    known: names(true),
    unknownSources: names(false),
  }
}

const nameOf = ({ cluster, controller, proxy, kind }: Source) => `${cluster}\n${controller}\n${proxy}\n${kind}`

/** Adds stretches of time that follow each other; thousands of sources in each, so it can be done one by one. */
export class TallySum<Name> {
  private readonly sum: Tally<Name> = {
    cells: 0,
    judged: 0,
    received: 0,
    missing: 0,
    unknown: false,
    pending: false,
    uncounted: false,
    known: [],
    unknownSources: [],
  }
  private readonly known = new Set<Name>()
  private readonly unknown = new Set<Name>()

  add(tally: Tally<Name>): void {
    const { sum } = this
    sum.cells += tally.cells
    sum.judged += tally.judged
    sum.received += tally.received
    sum.missing += tally.missing
    sum.unknown ||= tally.unknown
    sum.pending ||= tally.pending
    sum.uncounted ||= tally.uncounted
    for (const name of tally.known) this.known.add(name)
    for (const name of tally.unknownSources) this.unknown.add(name)
  }

  result(): Tally<Name> {
    return { ...this.sum, known: [...this.known], unknownSources: [...this.unknown].filter((name) => !this.known.has(name)) }
  }
}

/**
 * What a tally proves. `missed` is null where the counters prove nothing. A part that nobody can know makes the whole
 * unknown, unless entries are known to be missing. Where nothing was expected and nothing came, that is said: it is no
 * proof of being complete.
 */
export function judge({
  cells,
  judged,
  received,
  missing,
  unknown,
  pending,
}: Tally<unknown>): Pick<Completeness, 'expected' | 'received' | 'missed' | 'state'> {
  const lost = Math.max(0, missing)
  const missed = judged > 0 || cells === 0 ? lost : null
  const state = pending ? 'pending' : lost > 0 ? 'incomplete' : unknown ? 'unknown' : received > 0 ? 'complete' : 'nothing-expected'
  return { received, expected: missed === null ? null : received + missed, missed, state }
}

/** The mark that a tally makes. Silence of a source without counters proves nothing. */
export function markOf(tally: Tally<unknown>): Completeness {
  const told = judge(tally)
  const silent = told.state === 'nothing-expected' && tally.uncounted
  const { received, expected, missed, state } = silent ? { ...told, expected: null, missed: null, state: 'unknown' as const } : told
  const ratio = expected && state !== 'unknown' ? received / expected : null
  return { expected, received, missed, ratio, state, sourcesKnown: tally.known.length, sourcesUnknown: tally.unknownSources.length }
}
