import { expect, it } from 'vitest'
import { parseMoment } from './prepare-clock.ts'

it('reads what people type', () => {
  expect(
    ['now', '-15m', '2026-03-03 14:05', '2026-03-03 4:05', '2026-03-03T14:05:09.5Z', '2026-03-03', '2026-03-03 14:05+02:00'].map((t) => parseMoment(t, true)),
  ).toEqual([
    'now',
    '-15m',
    '2026-03-03T14:05:00.000Z',
    '2026-03-03T04:05:00.000Z',
    '2026-03-03T14:05:09.500Z',
    '2026-03-03T00:00:00.000Z',
    '2026-03-03T12:05:00.000Z',
  ])
  expect(['', 'soon', '-15', '2026-13-01', '14:05'].map((t) => parseMoment(t, true))).toEqual([undefined, undefined, undefined, undefined, undefined])
})
