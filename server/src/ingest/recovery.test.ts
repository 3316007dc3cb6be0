import { setTimeout as sleep } from 'node:timers/promises'
import { PanoptesError } from '@panoptes/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { columnsOf, readBatch, unpack } from './batch.ts'
import { createIngest } from './ingest.ts'
import { alice, batchesOf, batchOf, countRows, type Lab, log, openLab } from './lab.ts'
import { checkBlock } from './native/check.ts'
import { Store } from './store.ts'

let lab: Lab
beforeAll(async () => {
  lab = await openLab()
}, 60_000)
afterAll(() => lab.close(), 60_000)

/** Stores a batch's rows without telling the ledger: what a crash between the two leaves behind. */
async function storeWithoutLedger(bytes: Buffer, controller: string): Promise<void> {
  const batch = readBatch(bytes)
  const block = await checkBlock(await unpack(batch), columnsOf(batch.header), batch.header)
  const pending = { principal: { ...alice, controller }, header: batch.header, block, bytes: bytes.length }
  await new Store(lab.record).put([pending], Date.now() * 1000, new Map())
}

/** Sends until it is acknowledged, as a controller does. */
async function insist(controller: string, bytes: Buffer): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      await lab.ingest.accept({ ...alice, controller }, bytes)
      return
    } catch (error) {
      if (!(error instanceof PanoptesError) || error.code !== 'PAN0005') throw error
      await sleep(100)
    }
  }
  throw new Error('never acknowledged')
}

const held = async (controller: string) =>
  lab.record.query<{ batch: number; n: number; u: number }>(
    'SELECT batch, count() AS n, uniqExact(row) AS u FROM accesses WHERE controller = {controller:String} GROUP BY batch ORDER BY batch',
    { controller },
  )

describe('after a crash', () => {
  it('acknowledges rows that were stored before the ledger knew', async () => {
    const { bytes } = await batchOf(lab.record, { seq: 1, salt: 'whole' })
    await storeWithoutLedger(bytes, 'whole')
    await insist('whole', bytes)
    expect(await held('whole')).toEqual([{ batch: 1, n: 100, u: 100 }])
  })

  it('replaces rows that were stored in part or twice', async () => {
    for (const damage of ['part', 'double'] as const) {
      const { bytes } = await batchOf(lab.record, { seq: 1, salt: damage })
      await storeWithoutLedger(bytes, damage)
      if (damage === 'part')
        await lab.record.command(`ALTER TABLE accesses DELETE WHERE controller = 'part' AND row > 30`, {}, { settings: { mutations_sync: 2 } })
      else await lab.record.command(`INSERT INTO accesses SELECT * FROM accesses WHERE controller = 'double' AND row < 5 SETTINGS insert_deduplicate = 0`)
      await insist(damage, bytes)
      expect(await held(damage)).toEqual([{ batch: 1, n: 100, u: 100 }])
    }
  })

  it('loses and doubles nothing while the record is killed again and again', async () => {
    const batches = await batchesOf(lab.record, 12, { rows: 2_000, epoch: 5 })
    let sending = true
    const killer = (async () => {
      for (let i = 0; sending && i < 5; i++) {
        await sleep(150 + 130 * i)
        lab.record.engine!.kill()
        await sleep(900)
      }
    })()
    for (const { bytes } of batches) await insist('killed', bytes)
    sending = false
    await killer
    expect(await held('killed')).toEqual(batches.map(({ header }) => ({ batch: header.seq, n: 2_000, u: 2_000 })))
    expect(lab.record.status().restarts).toBeGreaterThan(0)
  }, 60_000)

  it('goes on where the ledger says after the server itself was gone', async () => {
    const again = await createIngest({ record: lab.record, log })
    const before = await countRows(lab.record)
    const batches = await batchesOf(lab.record, 13, { rows: 2_000, epoch: 5 })
    expect(await again.resume({ ...alice, controller: 'killed' })).toEqual({ accesses: { epoch: 5, seq: 12 } })
    for (const { bytes } of batches.slice(10)) await again.accept({ ...alice, controller: 'killed' }, bytes)
    expect(await countRows(lab.record)).toBe(before + 2_000)
    expect((await again.verify({})).problems).toEqual([])
    await again.close()
  })
})
