import { setTimeout as sleep } from 'node:timers/promises'
import { type BatchHeader, PanoptesError } from '@panoptes/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { columnsOf, readBatch, unpack } from './batch.ts'
import { createIngest } from './ingest.ts'
import { alice, batchesOf, batchOf, countRows, frame, type Lab, list, log, openLab } from './lab.ts'
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

/** The same batch behind another one. */
function reseal(bytes: Buffer, change: { prev: string }): { bytes: Buffer; header: BatchHeader } {
  const { header, payload } = readBatch(bytes)
  const changed = { ...header, ...change }
  return { bytes: frame(changed, payload), header: changed }
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

  it('looks for every batch that the ledger does not know, however they are sent again', async () => {
    const batches = await batchesOf(lab.record, 8, { salt: 'several' })
    const [first, ...rest] = batches.map(({ bytes }) => bytes) as [Buffer, ...Buffer[]]
    await insist('several', first)
    // A list of which the server was killed before the ledger, and another that had only begun.
    for (const bytes of rest.slice(0, 4)) await storeWithoutLedger(bytes, 'several')
    await lab.record.command(`ALTER TABLE accesses DELETE WHERE controller = 'several' AND batch = 5 AND row > 30`, {}, { settings: { mutations_sync: 2 } })
    const again = await createIngest({ record: lab.record, log })
    const mine = { ...alice, controller: 'several' }
    await again.accept(mine, rest[0]!)
    expect(await again.accept(mine, list(...rest.slice(1, 3)))).toMatchObject({ acknowledged: 4 })
    expect(await again.accept(mine, list(...rest.slice(3)))).toMatchObject({ acknowledged: 8 })
    expect(await held('several')).toEqual(batches.map(({ header }) => ({ batch: header.seq, n: 100, u: 100 })))
    expect((await again.verify({})).problems).toEqual([])
    await again.close()
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

describe('a controller that catches up', () => {
  it('sends two epochs of a stream at once, each in its order, over days and crashes', async () => {
    const mine = { ...alice, controller: 'late' }
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
    const backlog = [...(await batchesOf(lab.record, 6, { epoch: 11, day: yesterday })), ...(await batchesOf(lab.record, 9, { epoch: 11 })).slice(6)]
    for (const [i, batch] of backlog.entries()) if (i > 0) backlog[i] = reseal(batch.bytes, { prev: backlog[i - 1]!.header.sha256 })
    const live = await batchesOf(lab.record, 8, { epoch: 12 })
    await insist('late', backlog[0]!.bytes)
    const send = async (batches: typeof live) => {
      for (const { bytes } of batches) await insist('late', bytes)
    }
    await Promise.all([send(backlog.slice(1, 5)), send(live.slice(0, 4))])
    expect(await lab.ingest.lanes(mine)).toEqual({
      accesses: [
        { epoch: 12, seq: 4 },
        { epoch: 11, seq: 5 },
      ],
    })
    expect(await lab.ingest.resume(mine)).toEqual({ accesses: { epoch: 12, seq: 4 } })
    // A crash between rows and ledger in both lanes, and a server that knows nothing of them.
    await storeWithoutLedger(backlog[5]!.bytes, 'late')
    await storeWithoutLedger(live[4]!.bytes, 'late')
    const again = await createIngest({ record: lab.record, log })
    await expect(again.accept(mine, backlog[7]!.bytes)).rejects.toMatchObject({ code: 'PAN0302', fields: { expected: { epoch: 11, seq: 6 } } })
    const proceed = async (batches: typeof live) => {
      for (const { bytes } of batches) await again.accept(mine, bytes)
    }
    await Promise.all([proceed(live.slice(4)), proceed(backlog.slice(5))])
    expect(await again.accept(mine, backlog[2]!.bytes)).toEqual({ stream: 'accesses', epoch: 11, acknowledged: 9 })
    expect(
      await lab.record.query("SELECT epoch, count() AS n, uniqExact(batch, row) AS u FROM accesses WHERE controller = 'late' GROUP BY epoch ORDER BY epoch"),
    ).toEqual([
      { epoch: 11, n: 900, u: 900 },
      { epoch: 12, n: 800, u: 800 },
    ])
    expect((await again.verify({})).problems).toEqual([])
    await again.close()
  }, 60_000)
})
