import { afterAll, beforeAll, expect, it } from 'vitest'
import { Gaps } from './gaps.ts'
import { type Lab, openLab } from './lab.ts'
import type { Reader } from './reader.ts'
import { windowOf } from './window.ts'

const start = Date.parse('2026-03-01T12:00:00Z')
let lab: Lab
beforeAll(async () => {
  lab = await openLab()
  const hole = { stream: 'accesses', reason: 'spool-full', missed: 7, unknown: 0, proxy: 'p', detail: '' }
  await lab.insert('gaps', [{ ...hole, ts: '2026-03-01 12:00:20.000000', until: '2026-03-01 12:00:30.000000', row: 0 }])
})
afterAll(() => lab?.close())

it('the holes of a window are those that touch it, and are asked once for what is asked again at once', async () => {
  const gaps = new Gaps()
  const reader = lab.reader()
  let asked = 0
  const query: Reader['query'] = (...of) => {
    asked++
    return reader.query(...of)
  }
  const missed = async (fromS: number, toS: number, org = 'main') =>
    (
      await gaps.of(
        { ...(org === 'main' ? reader : lab.reader({ org })), query: org === 'main' ? query : lab.reader({ org }).query },
        { org },
        windowOf(start + fromS * 1000, start + toS * 1000),
      )
    ).map((gap) => gap.missed)
  expect(await missed(0, 60)).toEqual([7])
  expect(await missed(25, 40)).toEqual([7])
  expect(await missed(31, 60)).toEqual([])
  expect(await missed(0, 15)).toEqual([])
  expect(asked).toBe(1)
  expect(await missed(0, 120)).toEqual([7])
  expect(asked).toBe(2)
  expect(await missed(0, 60, 'other')).toEqual([])
})
