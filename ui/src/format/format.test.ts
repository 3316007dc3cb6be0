import { describe, expect, it } from 'vitest'
import { formatAgo, formatBytes, formatCount, formatDuration, formatRate, formatRatio, formatSpan, formatTime } from './format.ts'

describe('numbers for people', () => {
  it('counts', () => expect([0, 7, 9_999, 12_345, 1_234_567, 0.25].map(formatCount)).toEqual(['0', '7', '9,999', '12.3 k', '1.23 M', '0.25']))
  it('rates', () => expect([0, 0.004, 3, 12_500].map(formatRate)).toEqual(['0/s', '< 0.01/s', '3/s', '12.5 k/s']))
  it('bytes', () => expect([0, 1023, 1024, 1_572_864].map(formatBytes)).toEqual(['0 B', '1023 B', '1 KiB', '1.50 MiB']))
  it('durations', () => expect([null, 12, 1_500, 2_500_000, 600_000_000].map(formatDuration)).toEqual(['–', '12 µs', '1.50 ms', '2.50 s', '10 min']))
  it('spans', () => expect([900, 61_000, 5_400_000, 432_000_000].map(formatSpan)).toEqual(['900 ms', '61 s', '90 min', '5 d']))

  it('never rounds to certainty', () => {
    expect([null, 0, 1, 0.99999, 0.00001, 0.9951, 0.5].map(formatRatio)).toEqual(['unknown', '0 %', '100 %', '> 99.99 %', '< 0.01 %', '99.51 %', '50.0 %'])
  })

  it('times keep their microseconds', () => {
    expect(formatTime('2026-03-03T14:05:09.123456Z', true, 'us')).toBe('2026-03-03 14:05:09.123456')
    expect(formatTime('2026-03-03T14:05:09Z', true, 'ms')).toBe('2026-03-03 14:05:09.000')
    expect(formatTime('nonsense', true)).toBe('nonsense')
  })

  it('says how long ago', () => {
    const now = Date.parse('2026-03-03T14:00:00Z')
    expect([null, '2026-03-03T13:59:30Z', '2026-03-03T14:10:00Z'].map((t) => formatAgo(t, now))).toEqual(['never', '30 s ago', 'in 10 min'])
  })
})
