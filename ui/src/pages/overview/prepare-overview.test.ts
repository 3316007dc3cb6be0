import { expect, it } from 'vitest'
import { forecastWords } from './prepare-overview.ts'

it('says when the disk is full, or that nobody knows', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const disk = { directory: '/d', totalBytes: 0, freeBytes: 1024 ** 3, floorBytes: 0, recordBytes: 0, bytesPerDay: null, fullAt: null, retentionHolds: false }
  expect(
    [disk, { ...disk, bytesPerDay: 5 }, { ...disk, retentionHolds: true }, { ...disk, fullAt: '2026-01-04T00:00:00Z' }].map((d) => forecastWords(d, now)),
  ).toEqual(['1 GiB free; growth not known yet', '1 GiB free, enough at this pace', '1 GiB free; retention holds', '1 GiB free, full in 3 d'])
})
