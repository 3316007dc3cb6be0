import { parseQuery } from '@panoptes/contract'
import { describe, expect, it } from 'vitest'
import { slices } from './slices.ts'

const minute = 60e6
const [fromUs, toUs] = [1_000 * minute, 9_000 * minute]
const window = { fromUs, toUs }

/** Goes through the parts as if row number i lay at `at(i)`; answers the parts and how many rows were found. */
function walk(
  text: string,
  order: 'newest' | 'oldest',
  rows: readonly number[],
  wanted = 101,
  nowUs = toUs,
  over = window,
): { parts: [number, number][]; found: number } {
  const parts: [number, number][] = []
  const some = slices(over, parseQuery(text), order, wanted, nowUs)
  let found = 0
  for (let part = some.next(0); !part.done && found < wanted; part = some.next(found)) {
    parts.push(part.value)
    found += rows.filter((at) => at >= part.value[0] && at < part.value[1]).length
  }
  return { parts, found }
}

describe('the parts of a window', () => {
  for (const order of ['newest', 'oldest'] as const)
    it(`${order} first: cover all of it once, in order, where nothing is found`, () => {
      for (const text of ['', 'status=500', 'pod=a', 'path~"etc/passwd"']) {
        const { parts } = walk(text, order, [])
        const ascending = order === 'newest' ? parts.toReversed() : parts
        expect([ascending[0]![0], ascending.at(-1)![1]]).toEqual([fromUs, toUs])
        for (let i = 1; i < ascending.length; i++) expect(ascending[i]![0]).toBe(ascending[i - 1]![1])
        expect(parts.length).toBeLessThan(7)
      }
    })

  it('stop where the page is full, and are as wide as what was found calls for', () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => toUs - i * 1e6)
    // Sixty a minute: one minute, then at least four more.
    expect(walk('', 'newest', rows).parts.map(([from, to]) => (to - from) / minute)).toEqual([1, 4])
    expect(
      walk(
        '',
        'oldest',
        rows.map((at) => fromUs + toUs - at),
      ).parts.map(([from, to]) => (to - from) / minute),
    ).toEqual([1, 4])
    const rare = Array.from({ length: 200 }, (_, i) => toUs - i * 8 * minute)
    const { parts, found } = walk('status=500', 'newest', rare)
    expect(found).toBeGreaterThanOrEqual(101)
    expect(parts.length).toBe(3)
  })

  it('look at whole hours of days that are over and settled, where no index helps', () => {
    const first = (order: 'newest' | 'oldest', from: number, to: number, now: number) =>
      (slices({ fromUs: from * minute, toUs: to * minute }, parseQuery('status=500'), order, 101, now * minute).next(0).value as number[]).map(
        (us) => us / minute,
      )
    expect(first('newest', 1_000, 8_990, 20_000)).toEqual([8_940, 8_990])
    expect(first('newest', 1_000, 8_943, 20_000)).toEqual([8_880, 8_943])
    // The day ends with minute 10,080.
    expect(first('newest', 1_000, 8_990, 10_499)).toEqual([8_982, 8_990])
    expect(first('newest', 1_000, 8_990, 10_500)).toEqual([8_940, 8_990])
    expect(first('newest', 1_000, 10_080, 10_500)).toEqual([10_020, 10_080])
    expect(first('oldest', 1_000, 8_990, 20_000)).toEqual([1_000, 1_020])
    expect(first('oldest', 1_000, 1_400, 1_410)).toEqual([1_000, 1_008])
  })

  it('leave no small rest to a statement of its own', () => {
    const parts = (hours: number) => walk('path~"etc/passwd"', 'newest', [toUs - 1], 101, toUs, { fromUs: toUs - hours * 60 * minute, toUs }).parts.length
    expect([1, 24, 47.9, 48.1, 120].map(parts)).toEqual([1, 1, 1, 2, 2])
  })

  it('take rows from ahead of the clock with the first', () => {
    expect(walk('', 'newest', [], 101, fromUs + 5 * minute).parts[0]).toEqual([fromUs + 4 * minute, toUs])
  })
})
