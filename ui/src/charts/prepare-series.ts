export interface Point {
  at: string
  count: number
  errors: number
  p50Us: number | null
  p95Us: number | null
  p99Us: number | null
  reqBytes: number
  respBytes: number
}
export interface Gap {
  from: string
  to: string
  reason: string
  missed: number | null
}
/** Columns for a chart: seconds since 1970, then one list of values per line. null = not known, which is not zero. */
export type ChartData = [number[], ...(number | null)[][]]

/** The steps of a window, from its first whole step on. */
function axis(from: string, to: string, stepS: number): number[] {
  const first = Math.floor(Date.parse(from) / 1000 / stepS) * stepS
  const last = Date.parse(to) / 1000
  const count = Math.min(5_000, Math.max(0, Math.ceil((last - first) / stepS)))
  return Array.from({ length: count }, (_, i) => first + i * stepS)
}

/**
 * Lays points on the axis of the window. A step without rows is 0 for counts where the record was listening, and null
 * inside a gap; durations are null wherever nothing was measured.
 */
export function layOut(
  points: readonly Point[],
  window: { from: string; to: string; stepS: number },
  gaps: readonly Gap[],
  pick: readonly ((point: Point) => number | null)[],
  kind: 'count' | 'measure',
): ChartData {
  const times = axis(window.from, window.to, window.stepS)
  const at = new Map(points.map((p) => [Math.round(Date.parse(p.at) / 1000), p]))
  const holes = gaps.filter((g) => g.missed === null || g.missed > 0).map((g) => [Date.parse(g.from) / 1000, Date.parse(g.to) / 1000] as const)
  const inHole = (t: number) => holes.some(([a, b]) => t >= a && t + window.stepS <= b)
  return [
    times,
    ...pick.map((value) =>
      times.map((t) => {
        const point = at.get(t)
        if (point && point.count > 0) return value(point)
        return kind === 'count' && !inHole(t) ? 0 : null
      }),
    ),
  ]
}

/** Rows per second of a step. */
export const perSecond = (stepS: number, of: 'count' | 'errors') => (point: Point) => point[of] / stepS
