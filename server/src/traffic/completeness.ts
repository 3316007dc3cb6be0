import { createInterface } from 'node:readline'
import { setImmediate } from 'node:timers/promises'
import type { Completeness, trafficRoutes } from '@panoptes/contract'
import type { z } from 'zod'
import type { AskOptions, Params } from '../platform/record/index.ts'
import { moment } from './compile.ts'
import type { Cell, Source } from './completeness-cells.ts'
import { type CompletenessQuestion, type ExpectedRow, expectedSql, type ReceivedRow, receivedSql } from './completeness-sql.ts'
import { judge, markOf, tallyCells, tallyOf } from './completeness-tally.ts'
import { ask, type Reader } from './reader.ts'
import { Parameters } from './sql.ts'

export type Interval = z.infer<typeof trafficRoutes.CompletenessInterval>

export interface Gap {
  from: string
  to: string
  cluster: string
  controller: string
  proxy: string
  stream: string
  reason: string
  missed: number | null
  detail: string
}

/** Entries reach the record within this after the proxy's sample: flush of logs, batch, link. */
export const settleUs = 15e6

/** Reads every source of the window: what its counters say, what the record holds. `nowUs` says what is too new to judge. */
export async function readSources(reader: Reader, question: CompletenessQuestion, nowUs: number, options: AskOptions = {}): Promise<Source[]> {
  const usual = ask(options.signal)
  // Whole before its first byte: an error has a name of its own then.
  const asked = { ...usual, ...options, settings: { ...usual.settings, wait_end_of_query: 1 } }
  const sources = new Map<string, Gathering>()
  const gatheringOf = ({ cluster, controller, proxy, what }: ExpectedRow | ReceivedRow): Gathering => {
    const key = JSON.stringify([cluster, controller, proxy, what])
    const found = sources.get(key) ?? new Gathering({ cluster, controller, proxy, kind: what, known: false, cells: [] }, question)
    sources.set(key, found)
    return found
  }
  const expected = expectedSql(question)
  for await (const row of rowsOf<ExpectedRow>(reader, expected, asked)) gatheringOf(row).addSamples(row, nowUs)
  const received = receivedSql(question, sources.size > 0)
  for await (const row of rowsOf<ReceivedRow>(reader, received, asked)) gatheringOf(row).addEntries(row)
  const finished: Source[] = []
  for (const gathering of sources.values()) {
    finished.push(gathering.finish(nowUs))
    if (finished.length % 1_000 === 0) await setImmediate()
  }
  return finished
}

/** Rows of an answer while it comes: there are thousands, and reading them at once would hold up everybody else. */
async function* rowsOf<Row>(reader: Reader, { sql, params }: { sql: string; params: Params }, options: AskOptions): AsyncGenerator<Row> {
  const input = await reader.stream(sql, 'JSONEachRow', params, options)
  for await (const line of createInterface({ input })) yield JSON.parse(line) as Row
}

/** Puts the two sides of one source together. */
class Gathering {
  private readonly source: Source
  private readonly question: CompletenessQuestion
  private readonly cells = new Map<number, Cell>()
  private last: ExpectedRow | undefined
  /** Entries behind the last sample. */
  private behind = 0

  constructor(source: Source, question: CompletenessQuestion) {
    this.source = source
    this.question = question
  }

  addSamples(row: ExpectedRow, nowUs: number): void {
    this.source.known = true
    if (Number(row.lastUs) > Number(this.last?.lastUs ?? 0)) this.last = row
    const cell = this.cell(Number(row.bucket))
    cell.fromUs = Number(row.firstUs)
    cell.toUs = Number(row.lastUs)
    cell.known = Number(row.bases) > 0
    cell.expected = Number(row.expected)
    cell.pending = cell.toUs > nowUs - settleUs
    const tail = Number(row.unknownTails) > 0
    cell.unknown = tail || Number(row.shrinkings) > 0 || Number(row.parentsEnded) > 0
    if (Number(row.shrinkings) > 0) cell.notes.push('counters of a listener went away')
    if (Number(row.restarts) > 0) cell.notes.push(tail ? 'the proxy was killed: tail unknown' : 'the proxy was restarted: epoch began')
    if (Number(row.hotRestarts) > 0) cell.notes.push('hot restart: epoch began')
    if (Number(row.parentsEnded) > 0) cell.notes.push('hot restart: the old process ended: tail unknown')
  }

  addEntries(row: ReceivedRow): void {
    const received = Number(row.received)
    if (!row.matched && this.source.known) {
      if (Number(row.bucket) >= 0) this.behind += received
      return
    }
    const cell = this.cell(Number(row.bucket))
    cell.received += received
    if (row.matched && !row.before) return
    cell.uncovered += received
    if (row.before) cell.notes.push('entries before the first sample of the counters')
  }

  /** Adds what happened behind the last sample: it may be on its way, or nobody will ever know. */
  finish(nowUs: number): Source {
    const cells = [...this.cells.values()].filter((cell) => cell.known || cell.received > 0)
    if (this.last) cells.push(...this.tail(this.last, nowUs))
    return { ...this.source, cells: cells.sort((a, b) => a.fromUs - b.fromUs) }
  }

  private tail(row: ExpectedRow, nowUs: number): Cell[] {
    const { toUs, grid } = this.question
    const lastUs = Number(row.lastUs)
    const pace = Math.max(Number(row.paceUs), 1e6)
    if (lastUs >= toUs || nowUs - lastUs <= 3 * pace + settleUs) return []
    // A proxy that ends in order takes one more sample, sooner than usual.
    if (this.behind === 0 && Number(row.lastPaceUs) > 0 && Number(row.lastPaceUs) < 0.8 * pace) return []
    const bucket = Math.max(0, Math.floor((lastUs - grid.originUs) / grid.stepUs))
    const note = 'the proxy sent no more counters: tail unknown'
    const times = { bucket, fromUs: lastUs, toUs: Math.min(toUs, Math.ceil(lastUs + pace)) }
    return [{ ...times, received: this.behind, uncovered: this.behind, expected: 0, known: false, pending: false, unknown: true, notes: [note] }]
  }

  private cell(bucket: number): Cell {
    const { originUs, stepUs } = this.question.grid
    const times = { fromUs: originUs + bucket * stepUs, toUs: originUs + (bucket + 1) * stepUs }
    const fresh = { bucket, ...times, received: 0, uncovered: 0, expected: 0, known: false, pending: false, unknown: false, notes: [] }
    const cell: Cell = this.cells.get(bucket) ?? fresh
    this.cells.set(bucket, cell)
    return cell
  }
}

type Sum = Pick<Interval, 'expected' | 'received' | 'missed' | 'state' | 'note'>

/** Sums cells (of one source over time, or of all sources in one interval), with what is to be said about them. */
export function sum(cells: readonly Cell[]): Sum {
  return { ...judge(tallyCells(cells)), note: [...new Set(cells.flatMap((cell) => cell.notes))].join('; ') }
}

/** The mark of some sources: their cells that `counts` takes. */
export function total(sources: readonly Source[], counts: (cell: Cell) => boolean): Completeness {
  return markOf(tallyOf(sources, counts))
}

/** How many holes are told of a window, the oldest first. */
export const mostGaps = 1_000

/** Known holes that the controllers reported. */
export async function readGaps(reader: Reader, fromUs: number, toUs: number, signal?: AbortSignal): Promise<Gap[]> {
  const p = new Parameters()
  const rows = await reader.query<{ fromUs: number; untilUs: number; missed: number; unknown: number } & Omit<Gap, 'from' | 'to' | 'missed'>>(
    `SELECT toUnixTimestamp64Micro(ts) AS fromUs, toUnixTimestamp64Micro(until) AS untilUs, cluster, controller, proxy, stream, reason, missed, unknown, detail
      FROM gaps WHERE ts < ${moment(toUs, p)} AND until >= ${moment(fromUs, p)} ORDER BY ts LIMIT ${mostGaps}`,
    p.values,
    ask(signal),
  )
  return rows.map(({ fromUs: from, untilUs, missed, unknown, ...gap }) => ({
    ...gap,
    from: new Date(Math.floor(Number(from) / 1000)).toISOString(),
    to: new Date(Math.floor(Number(untilUs) / 1000)).toISOString(),
    missed: Number(unknown) ? null : Number(missed),
  }))
}
