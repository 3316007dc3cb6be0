import type { Completeness, Output, trafficRoutes } from '@panoptes/contract'
import { type Absence, type Absences, gapsOf, unsure, within } from './absences.ts'
import { type Cell, type Gap, type Interval, readGaps, readSources, settleUs, sum, total } from './completeness.ts'
import type { Grid } from './completeness-sql.ts'
import type { Reader, Scope } from './reader.ts'
import type { TimeWindow } from './window.ts'

export type CompletenessAnswer = Output<typeof trafficRoutes.getCompleteness>

export const unknownCompleteness: Completeness = {
  expected: null,
  received: 0,
  missed: null,
  ratio: null,
  state: 'pending',
  sourcesKnown: 0,
  sourcesUnknown: 0,
}

const minuteUs = 60e6
const keepMs = 30_000
const most = 500

/**
 * The completeness mark of whole windows, kept for half a minute per scope and minute, so that every answer can carry it.
 * A mark that is not there yet when the answer is ready says `pending`; the next answer has it.
 */
export class CompletenessMarks {
  private readonly kept = new Map<string, { at: number; mark: Promise<Completeness>; ready?: Completeness }>()
  private readonly absences: Absences

  constructor(absences: Absences) {
    this.absences = absences
  }

  /** The mark of a window, at most a minute wider than asked. Never throws: without an answer it is pending. */
  async mark(reader: Reader, scope: Scope, { fromUs, toUs }: TimeWindow, patienceMs = 30): Promise<Completeness> {
    const from = Math.floor(fromUs / minuteUs) * minuteUs
    const to = Math.ceil(toUs / minuteUs) * minuteUs
    const entry = this.entry(JSON.stringify([scope, from, to]), () => this.ask(reader, scope.org, from, to))
    if (entry.ready) return entry.ready
    const late = new Promise<Completeness>((resolve) => setTimeout(resolve, patienceMs, unknownCompleteness).unref())
    return Promise.race([entry.mark, late]).catch(() => unknownCompleteness)
  }

  private async ask(reader: Reader, org: string, fromUs: number, toUs: number): Promise<Completeness> {
    const [mark, absences] = await Promise.all([summary(reader, fromUs, toUs), this.absences(org)])
    return unsure(mark, within(absences, { fromUs, toUs }))
  }

  private entry(key: string, ask: () => Promise<Completeness>) {
    const now = Date.now()
    const kept = this.kept.get(key)
    if (kept && now - kept.at < keepMs) return kept
    const entry: { at: number; mark: Promise<Completeness>; ready?: Completeness } = { at: now, mark: ask(), ...(kept?.ready ? { ready: kept.ready } : {}) }
    entry.mark.then(
      (mark) => {
        entry.ready = mark
      },
      () => this.kept.delete(key),
    )
    this.kept.delete(key)
    this.kept.set(key, entry)
    for (const old of this.kept.keys()) {
      if (this.kept.size <= most) break
      this.kept.delete(old)
    }
    return entry
  }
}

/** The mark of one window: what is too new to judge is left out. */
export async function summary(reader: Reader, fromUs: number, toUs: number, nowUs = Date.now() * 1000): Promise<Completeness> {
  const settled = Math.min(toUs, nowUs - settleUs)
  if (settled <= fromUs) return unknownCompleteness
  const question = { fromUs, toUs: settled, grid: { originUs: fromUs, stepUs: settled - fromUs } }
  return total(await readSources(reader, question, nowUs), (cell) => cell.bucket === 0)
}

interface Request {
  window: TimeWindow
  stepS: number
  proxy?: string
  cluster?: string
  limit: number
  signal?: AbortSignal
}

/** Per source and interval, and of all together. `absences` are the controllers that are away. */
export async function completenessAnswer(
  reader: Reader,
  request: Request,
  absences: readonly Absence[] = [],
  nowUs = Date.now() * 1000,
): Promise<CompletenessAnswer> {
  const { window, proxy, cluster, signal } = request
  const stepUs = request.stepS * 1e6
  const grid = { originUs: Math.floor(window.fromUs / stepUs) * stepUs, stepUs }
  const question = { fromUs: grid.originUs, toUs: window.toUs, grid, proxy, cluster }
  const [sources, gaps] = await Promise.all([readSources(reader, question, nowUs, signal), readGaps(reader, window.fromUs, window.toUs, signal)])
  const away = within(absences, window, cluster)
  const count = Math.ceil((window.toUs - grid.originUs) / stepUs)
  const inside = ({ bucket }: Cell) => bucket >= 0 && bucket < count
  const settled = (cell: Cell) => inside(cell) && !cell.pending
  const cells = sources.flatMap((source) => source.cells).filter(inside)
  const marked = sources.map((source) => ({ source, mark: total([source], inside) })).sort((a, b) => (b.mark.missed ?? -1) - (a.mark.missed ?? -1))
  return {
    from: window.from,
    to: window.to,
    // The newest interval is always open: of all together only what has settled is said.
    total: unsure(total(sources, cells.every((cell) => cell.pending) ? inside : settled), away),
    intervals: together(cells, grid),
    sources: marked.slice(0, request.limit).map(({ source, mark }) => ({
      cluster: source.cluster,
      controller: source.controller,
      proxy: source.proxy,
      kind: source.kind,
      total: mark,
      intervals: source.cells.filter(inside).map((cell) => ({ from: iso(cell.fromUs), to: iso(cell.toUs), ...sum([cell]) })),
    })),
    gaps: [...gaps, ...gapsOf(away, window)].filter((gap: Gap) => (!proxy || gap.proxy === proxy) && (!cluster || gap.cluster === cluster)),
  }
}

/** All sources per interval of the grid. A source's own samples never fall on its edges, so each counts where its newest sample lies. */
function together(cells: readonly Cell[], { originUs, stepUs }: Grid): Interval[] {
  const byBucket = Map.groupBy(cells, (cell) => cell.bucket)
  return [...byBucket]
    .sort(([a], [b]) => a - b)
    .map(([bucket, some]) => ({ from: iso(originUs + bucket * stepUs), to: iso(originUs + (bucket + 1) * stepUs), ...sum(some) }))
}

function iso(us: number): string {
  return new Date(Math.round(us / 1000)).toISOString()
}
