import type { Completeness } from '@panoptes/contract'
import type { Ingest } from '../ingest/index.ts'
import { type Absences, unsure, within } from './absences.ts'
import { settleUs } from './completeness.ts'
import { HourTallies, hourUs, readTally } from './completeness-hours.ts'
import { markOf } from './completeness-tally.ts'
import type { Reader, Scope } from './reader.ts'
import type { TimeWindow } from './window.ts'

const unknownCompleteness: Completeness = { expected: null, received: 0, missed: null, ratio: null, state: 'pending', sourcesKnown: 0, sourcesUnknown: 0 }

const minuteUs = 60e6
const keepMs = 30_000
const most = 500
/** Windows longer than this begin with a whole hour, and are added up from hours. */
const wideUs = 2 * hourUs

/** What a mark compares: batches of other streams say nothing about it. */
const compared: ReadonlySet<string> = new Set(['accesses', 'proxy_counters'])

interface Kept {
  at: number
  mark: Promise<Completeness>
  /** The newest that there is: its own, or that of the asking before. */
  ready?: Completeness
  done: boolean
}

/**
 * The completeness mark of whole windows, kept for half a minute per scope and minute, so that every answer can carry it.
 * A mark that is not there yet when the answer is ready says `pending`; a later answer has it.
 */
export class CompletenessMarks {
  private readonly kept = new Map<string, Kept>()
  private readonly hours = new HourTallies()
  private readonly absences: Absences
  private readonly stop: () => void

  constructor(absences: Absences, ingest: Pick<Ingest, 'subscribe'>) {
    this.absences = absences
    this.stop = ingest.subscribe(({ principal, header, untilUs }) => {
      if (compared.has(header.stream)) this.hours.changed(principal.org, untilUs)
    })
  }

  /** The mark of a window, at most a minute wider than asked (long ones: an hour). Never throws: without an answer it is pending. */
  async mark(reader: Reader, scope: Scope, { fromUs, toUs }: TimeWindow, patienceMs = 30): Promise<Completeness> {
    const grain = toUs - fromUs > wideUs ? hourUs : minuteUs
    const from = Math.floor(fromUs / grain) * grain
    const to = Math.ceil(toUs / minuteUs) * minuteUs
    const seen = JSON.stringify(scope)
    const kept = this.keep(`${from} ${to} ${seen}`, () => this.ask(reader, scope.org, seen, from, to))
    if (kept.ready) return kept.ready
    // Who asks later does not wait for it: it may take minutes.
    const left = kept.at + patienceMs - Date.now()
    if (left <= 0) return unknownCompleteness
    const late = new Promise<Completeness>((resolve) => setTimeout(resolve, left, unknownCompleteness).unref())
    return Promise.race([kept.mark, late]).catch(() => unknownCompleteness)
  }

  close(): void {
    this.stop()
  }

  private async ask(reader: Reader, org: string, scope: string, fromUs: number, toUs: number): Promise<Completeness> {
    const nowUs = Date.now() * 1000
    // What is too new to judge is left out.
    const settled = Math.min(toUs, nowUs - settleUs)
    if (settled <= fromUs) return unknownCompleteness
    const tally = toUs - fromUs > wideUs ? this.hours.tally(reader, scope, org, fromUs, settled, nowUs) : readTally(reader, fromUs, settled, nowUs)
    const [told, absences] = await Promise.all([tally, this.absences(org)])
    return unsure(markOf(told), within(absences, { fromUs, toUs }))
  }

  private keep(key: string, ask: () => Promise<Completeness>): Kept {
    const now = Date.now()
    const before = this.kept.get(key)
    if (before && (!before.done || now - before.at < keepMs)) return before
    const kept: Kept = { at: now, mark: ask(), done: false, ...(before?.ready ? { ready: before.ready } : {}) }
    kept.mark.then(
      (mark) => {
        kept.ready = mark
        kept.done = true
      },
      () => this.kept.delete(key),
    )
    this.kept.delete(key)
    this.kept.set(key, kept)
    for (const old of this.kept.keys()) {
      if (this.kept.size <= most) break
      this.kept.delete(old)
    }
    return kept
  }
}
