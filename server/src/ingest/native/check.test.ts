import { streams } from '@panoptes/contract'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { alice, blockOf, type Lab, openLab, seal, today } from '../lab.ts'
import { checkBlock } from './check.ts'
import { readRows } from './read.ts'

let lab: Lab
let good: Buffer
beforeAll(async () => {
  lab = await openLab()
  good = await blockOf(lab.record, { seq: 1, rows: 12 })
}, 60_000)
afterAll(() => lab.close(), 60_000)

const check = (raw: Buffer) => checkBlock(raw, streams.accesses, { rows: 12, day: today })

/** What is read of a block, or why it is refused: anything but PAN0301 is a fault of ours. */
async function outcome(raw: Buffer): Promise<string> {
  try {
    const rows = [...readRows(await check(raw))]
    return `${rows.length} rows`
  } catch (error) {
    return (error as { code?: string }).code ?? `crash: ${error}`
  }
}

describe('the check of a Native block', () => {
  it('reads what the engine wrote', async () => {
    const rows = [...readRows(await check(good))]
    expect(rows[8]).toMatchObject({
      row: 8,
      path: '/orders/8/1-1',
      status: 200,
      'src.namespace': 'ns-2',
      'src.ip': '::ffff:10.0.0.1',
      tags: { k: '8', l: 'x' },
    })
    expect(rows[9]).toMatchObject({ tags: {}, 'dst.ip': '::', 'trace.id': '00000000-0000-0000-0000-000000000000' })
  })

  it('never crashes on changed bytes and never answers another number of rows', async () => {
    const bytes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(good.length), fc.boolean(), async (changes, length, cut) => {
        const raw = Buffer.from(cut ? good.subarray(0, length) : good)
        for (const [at, value] of changes) if (at < raw.length) raw[at] = value
        expect(await outcome(raw)).toMatch(/^(12 rows|PAN0301)$/)
      }),
      { numRuns: 3_000 },
    )
  })

  it('refuses every cut and every unknown length', async () => {
    for (let length = 0; length < good.length; length += 7) expect(await outcome(good.subarray(0, length))).toBe('PAN0301')
    for (let at = 0; at < good.length - 8; at += 11) {
      const raw = Buffer.from(good)
      raw.fill(0xff, at, at + 8)
      expect(await outcome(raw)).toMatch(/^(12 rows|PAN0301)$/)
    }
  })

  it('lets through only what the engine takes', async () => {
    // What passes the check is stored row by row: the engine's parser must agree with ours about every block.
    let stored = 0
    const large = await blockOf(lab.record, { seq: 1, rows: 200 })
    for (let i = 0; i < 60; i++) {
      const raw = Buffer.from(large)
      raw[(i * 104_729) % raw.length]! ^= 1 << (i % 8)
      const { bytes } = seal(raw, { seq: 1, epoch: i + 1, rows: 200 })
      const refused = await lab.ingest.accept(alice, bytes).then(
        () => undefined,
        (error: { code?: string }) => error.code,
      )
      if (refused === undefined) stored++
      else expect(refused).toBe('PAN0301')
    }
    expect(stored).toBeGreaterThan(20)
    expect(await lab.record.query('SELECT count() AS n FROM accesses')).toEqual([{ n: stored * 200 }])
    expect(lab.record.status().restarts).toBe(0)
  }, 120_000)
})
