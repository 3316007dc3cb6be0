import { expect, it } from 'vitest'
import { type Interval, intervalWords, oneCluster, sourceName, stacked, stepFor } from './prepare-completeness.ts'

const interval = (more: Partial<Interval>): Interval => ({
  from: '2026-01-01T00:00:00Z',
  to: '2026-01-01T00:01:00Z',
  expected: 10,
  received: 8,
  missed: 2,
  state: 'incomplete',
  note: '',
  ...more,
})

it('keeps unknown apart from nothing missed', () => {
  const unknown = interval({ expected: null, missed: null, state: 'unknown', received: 0, note: 'tail unknown' })
  expect(stacked([interval({}), unknown])).toEqual([
    [1767225600, 1767225600],
    [10, null],
    [8, null],
  ])
  expect([interval({}), unknown, interval({ missed: 0, received: 10, state: 'complete' })].map(intervalWords)).toEqual([
    '2 of 10 missed',
    'unknown; 0 received (tail unknown)',
    'complete: 10',
  ])
})

it('chooses a step for the window', () => {
  const now = Date.now()
  expect([{}, { from: '-6h' }, { from: '-30d' }].map((a) => stepFor(a, now))).toEqual([60, 900, 86_400])
})

it('names a source by its pod', () => {
  expect(sourceName({ proxy: 'sidecar~10.0.0.1~pay-7d9.bank~bank.svc', controller: 'c' })).toBe('pay-7d9.bank')
  expect(sourceName({ proxy: 'edge-1', controller: 'c' })).toBe('edge-1')
  expect([oneCluster({ cluster: 'a' }), oneCluster({ cluster: 'a,b' }), oneCluster({})]).toEqual(['a', undefined, undefined])
})
