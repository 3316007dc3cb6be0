import { expect, it } from 'vitest'
import { layOut, type Point, perSecond } from './prepare-series.ts'

const point = (at: string, count: number): Point => ({ at, count, errors: 1, p50Us: 5, p95Us: null, p99Us: null, reqBytes: 0, respBytes: 0 })
const window = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:00:50Z', stepS: 10 }
const points = [point('2026-01-01T00:00:00Z', 20), point('2026-01-01T00:00:40Z', 10)]
const gap = { from: '2026-01-01T00:00:10Z', to: '2026-01-01T00:00:20Z', reason: 'spool-full', missed: 5 }

it('tells nothing from zero: a quiet step is 0, a hole is null', () => {
  const [times, rate] = layOut(points, window, [gap], [perSecond(10, 'count')], 'count')
  expect(times).toHaveLength(5)
  expect(rate).toEqual([2, null, 0, 0, 1])
})

it('leaves durations open where nothing was measured', () => {
  expect(layOut(points, window, [], [(p) => p.p50Us], 'measure')[1]).toEqual([5, null, null, null, 5])
})
