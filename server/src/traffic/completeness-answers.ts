import type { Output, trafficRoutes } from '@panoptes/contract'
import { type Absence, gapsOf, unsure, within } from './absences.ts'
import { type Gap, type Interval, readGaps, readSources, sum, total } from './completeness.ts'
import type { Cell } from './completeness-cells.ts'
import type { Grid } from './completeness-sql.ts'
import type { Reader } from './reader.ts'
import type { TimeWindow } from './window.ts'

export type CompletenessAnswer = Output<typeof trafficRoutes.getCompleteness>

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
  const [sources, gaps] = await Promise.all([readSources(reader, question, nowUs, { signal }), readGaps(reader, window.fromUs, window.toUs, signal)])
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
