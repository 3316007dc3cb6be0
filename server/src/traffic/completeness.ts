import type { Completeness, trafficRoutes } from '@panoptes/contract'
import type { z } from 'zod'
import { moment } from './compile.ts'
import { type CompletenessQuestion, type ExpectedRow, expectedSql, type ReceivedRow, receivedSql } from './completeness-sql.ts'
import { ask, type Reader } from './reader.ts'
import { Parameters } from './sql.ts'

export type Interval = z.infer<typeof trafficRoutes.CompletenessInterval>
type State = Interval['state']

export interface Source {
  cluster: string
  controller: string
  proxy: string
  kind: 'http' | 'tcp'
  /** False where the proxy never told its counters. */
  known: boolean
  cells: Map<number, Cell>
}

/** One source in one interval. */
interface Cell {
  received: number
  /** Of these, entries that no sample covers. */
  uncovered: number
  expected: number
  known: boolean
  pending: boolean
  unknown: boolean
  notes: string[]
}

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
export async function readSources(reader: Reader, question: CompletenessQuestion, nowUs: number, signal?: AbortSignal): Promise<Source[]> {
  const [expected, received] = [expectedSql(question), receivedSql(question)]
  const [samples, entries] = await Promise.all([
    reader.query<ExpectedRow>(expected.sql, expected.params, ask(signal)),
    reader.query<ReceivedRow>(received.sql, received.params, ask(signal)),
  ])
  const sources = new Map<string, Source>()
  const sourceOf = ({ cluster, controller, proxy, what }: ExpectedRow | ReceivedRow): Source => {
    const key = JSON.stringify([cluster, controller, proxy, what])
    const found = sources.get(key) ?? { cluster, controller, proxy, kind: what, known: false, cells: new Map() }
    sources.set(key, found)
    return found
  }
  const last = new Map<Source, ExpectedRow>()
  for (const row of samples) {
    const source = sourceOf(row)
    source.known = true
    if (Number(row.lastUs) > Number(last.get(source)?.lastUs ?? 0)) last.set(source, row)
    addSamples(cellOf(source, Number(row.bucket)), row, nowUs)
  }
  for (const row of entries) addEntries(sourceOf(row), row)
  for (const [source, row] of last) closeTail(source, row, question, nowUs)
  return [...sources.values()]
}

function cellOf(source: Source, bucket: number): Cell {
  const cell = source.cells.get(bucket) ?? { received: 0, uncovered: 0, expected: 0, known: false, pending: false, unknown: false, notes: [] }
  source.cells.set(bucket, cell)
  return cell
}

function addSamples(cell: Cell, row: ExpectedRow, nowUs: number): void {
  cell.known = Number(row.bases) > 0
  cell.expected = Number(row.expected)
  cell.pending = Number(row.lastUs) > nowUs - settleUs
  cell.unknown = Number(row.unknownTails) > 0
  if (!cell.known) cell.notes.push('first sample of the counters')
  if (row.restarts) cell.notes.push(cell.unknown ? 'the proxy was killed: tail unknown' : 'the proxy was restarted: epoch began')
  if (row.hotRestarts) cell.notes.push('hot restart: epoch began')
}

function addEntries(source: Source, row: ReceivedRow): void {
  const cell = cellOf(source, Number(row.bucket))
  const received = Number(row.received)
  cell.received += received
  if (!row.matched || row.before) cell.uncovered += received
  if (row.before) cell.notes.push('before the first sample of the counters')
}

/** What happened behind a source's last sample: it may be on its way, or nobody will ever know. */
function closeTail(source: Source, row: ExpectedRow, { toUs, grid }: CompletenessQuestion, nowUs: number): void {
  const lastUs = Number(row.lastUs)
  const pace = Math.max(Number(row.paceUs), 1e6)
  if (lastUs >= toUs) return
  const bucket = Math.max(0, Math.floor((lastUs - grid.originUs - 1) / grid.stepUs))
  const ended = nowUs - lastUs > 3 * pace + settleUs
  // A proxy that ends in order takes one more sample, sooner than usual.
  const inOrder = Number(row.lastPaceUs) > 0 && Number(row.lastPaceUs) < 0.8 * pace
  for (const [at, cell] of source.cells) if (at > bucket && !cell.known) cell.pending = !ended
  if (ended && !inOrder) {
    const cell = cellOf(source, bucket)
    cell.unknown = true
    cell.notes.push('the proxy sent no more counters: tail unknown')
  }
}

/** Sums cells (of one source over time, or of all sources in one interval). */
export function sum(cells: Iterable<Cell>): Pick<Interval, 'expected' | 'received' | 'missed' | 'state' | 'note'> {
  let [received, missed, judged, unknown, pending] = [0, 0, false, false, false]
  const notes = new Set<string>()
  for (const cell of cells) {
    received += cell.received
    for (const note of cell.notes) notes.add(note)
    if (cell.pending) pending = true
    else if (cell.unknown || !cell.known) unknown = true
    if (cell.known && !cell.pending) {
      judged = true
      const difference = cell.expected - (cell.received - cell.uncovered)
      // A killed proxy may have sent more than it still counted.
      missed += cell.unknown ? Math.max(0, difference) : difference
    }
  }
  const lost = Math.max(0, missed)
  const state: State = lost > 0 ? 'incomplete' : unknown ? 'unknown' : judged || !pending ? 'complete' : 'pending'
  const knowable = state === 'incomplete' || state === 'complete'
  return { received, expected: knowable ? received + lost : null, missed: knowable ? lost : null, state, note: [...notes].join('; ') }
}

/** The mark that every answer carries. */
export function total(sources: readonly Source[], inside: (bucket: number) => boolean): Completeness {
  const cells = sources.flatMap((source) => [...source.cells].filter(([bucket]) => inside(bucket)).map(([, cell]) => ({ source, cell })))
  const { received, expected, missed, state } = sum(cells.map(({ cell }) => cell))
  const seen = new Set(cells.map(({ source }) => source))
  const known = [...seen].filter((source) => source.known).length
  const ratio = missed !== null && expected !== null ? (expected > 0 ? received / expected : 1) : null
  return { expected, received, missed, ratio, state, sourcesKnown: known, sourcesUnknown: seen.size - known }
}

/** Known holes that the controllers reported. */
export async function readGaps(reader: Reader, fromUs: number, toUs: number, signal?: AbortSignal): Promise<Gap[]> {
  const p = new Parameters()
  const rows = await reader.query<{ fromUs: number; untilUs: number; missed: number; unknown: number } & Omit<Gap, 'from' | 'to' | 'missed'>>(
    `SELECT toUnixTimestamp64Micro(ts) AS fromUs, toUnixTimestamp64Micro(until) AS untilUs, cluster, controller, proxy, stream, reason, missed, unknown, detail
      FROM gaps WHERE ts < ${moment(toUs, p)} AND until >= ${moment(fromUs, p)} ORDER BY ts LIMIT 1000`,
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
