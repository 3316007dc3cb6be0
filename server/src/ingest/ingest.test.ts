import { PanoptesError } from '@panoptes/contract'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { minuteKeys, minuteMeasures } from '../platform/record/schema/storage.ts'
import { createIngest } from './ingest.ts'
import { alice, batchesOf, batchOf, blockOf, countRows, frame, type Lab, list, log, openLab, seal, today } from './lab.ts'
import type { Accepted } from './types.ts'

let lab: Lab
beforeAll(async () => {
  lab = await openLab()
}, 60_000)
afterAll(() => lab.close(), 60_000)

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof PanoptesError ? error.code : String(error)),
  )

/** The roll-up taken from the projection, and the same from the rows. */
async function rollups(): Promise<[string, string]> {
  const sql = `SELECT ${minuteKeys}, ${minuteMeasures} FROM accesses GROUP BY ${minuteKeys} ORDER BY ALL`
  const [fast, slow] = await Promise.all(
    [1, 0].map((use) => lab.record.query(sql, {}, { settings: { optimize_use_projections: use, force_optimize_projection: use } })),
  )
  return [JSON.stringify(fast), JSON.stringify(slow)]
}

describe('accept', () => {
  it('stores batches in order, once, and hands them to live readers', async () => {
    const seen: Accepted[] = []
    const stop = lab.ingest.subscribe((accepted) => seen.push(accepted))
    const batches = await batchesOf(lab.record, 4)
    for (const { bytes, header } of batches.slice(0, 2))
      expect(await lab.ingest.accept(alice, bytes)).toEqual({ stream: 'accesses', epoch: 1, acknowledged: header.seq })
    // Twice, and several on their way at the same time.
    expect(await lab.ingest.accept(alice, batches[1]!.bytes)).toMatchObject({ acknowledged: 2 })
    await Promise.all([batches[2]!, batches[3]!, batches[2]!].map(({ bytes }) => lab.ingest.accept(alice, bytes)))
    stop()
    expect(await countRows(lab.record)).toBe(400)
    expect(await lab.ingest.resume(alice)).toEqual({ accesses: { epoch: 1, seq: 4 } })
    expect(seen.map(({ header }) => header.seq)).toEqual([1, 2, 3, 4])
    const rows = [...seen[1]!.rows()]
    expect(rows).toHaveLength(100)
    const [stored] = await lab.record.query<Record<string, unknown>>(
      'SELECT toString(request_id) AS id, path, toUnixTimestamp64Micro(ts) AS ts, toString(src_ip) AS ip, tags, first_up_rx_us, duration_us FROM accesses WHERE batch = 2 AND row = 8',
    )
    expect(rows[8]).toMatchObject({
      ...{ org: 'main', controller: 'c1', epoch: 1, batch: 2, row: 8, path: stored!.path, ts: stored!.ts, tags: stored!.tags },
      ...{ 'request.id': stored!.id, 'src.ip': stored!.ip, 'phase.first.up.rx': stored!.first_up_rx_us, duration: stored!.duration_us },
    })
  })

  it('refuses holes, other content and old epochs, and says what it expects', async () => {
    const [, , third, , , sixth] = await batchesOf(lab.record, 6)
    await expect(lab.ingest.accept(alice, sixth!.bytes)).rejects.toMatchObject({ code: 'PAN0302', fields: { expected: { epoch: 1, seq: 5 } } })
    const other = await batchOf(lab.record, { seq: 3, salt: 'other', prev: third!.header.prev })
    expect(await codeOf(lab.ingest.accept(alice, other.bytes))).toBe('PAN0303')
    expect(await codeOf(lab.ingest.accept(alice, third!.bytes))).toBe('accepted')
    const early = await batchOf(lab.record, { epoch: 7, seq: 2 })
    await expect(lab.ingest.accept(alice, early.bytes)).rejects.toMatchObject({ code: 'PAN0302', fields: { expected: { epoch: 7, seq: 1 } } })
    expect(await countRows(lab.record)).toBe(400)
  })

  it('keeps the rows of another organization and controller apart', async () => {
    const bob = { ...alice, org: 'other', controller: 'c1' }
    const batch = await batchOf(lab.record, { seq: 1, salt: 'bob' })
    await lab.ingest.accept(bob, batch.bytes)
    const seen = await lab.record.reader({ org: 'other' }).query<{ n: number }>('SELECT count() AS n FROM accesses AS a WHERE 1 OR org = 1')
    expect(seen).toEqual([{ n: 100 }])
    const ledger = await lab.record.reader({ org: 'main' }).query<{ n: number }>('SELECT count() AS n FROM (SELECT * FROM panoptes.batches) AS b')
    expect(ledger).toEqual([{ n: 4 }])
    expect(await lab.record.reader({ org: 'main', clusters: ['west'] }).query('SELECT org FROM accesses')).toEqual([])
    expect(await lab.record.reader({ org: "x' OR '1'='1" }).query('SELECT org FROM accesses')).toEqual([])
  })

  it('takes the roll-up from the parts, equal to the rows, also for late rows', async () => {
    const late = await batchOf(lab.record, { epoch: 2, seq: 1, day: new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10) })
    await lab.ingest.accept(alice, late.bytes)
    await lab.ingest.accept(alice, late.bytes)
    const [fast, slow] = await rollups()
    expect(fast).toBe(slow)
    await lab.record.command('OPTIMIZE TABLE accesses FINAL')
    expect((await rollups())[0]).toBe(slow)
  })

  it('takes a list of batches as if they came one by one, and of a list that goes bad its beginning', async () => {
    const eve = { ...alice, controller: 'c9' }
    const batches = await batchesOf(lab.record, 5)
    const [first, second, third, fourth] = batches.map(({ bytes }) => bytes) as [Buffer, Buffer, Buffer, Buffer]
    const before = await countRows(lab.record)
    expect(await lab.ingest.accept(eve, list(first, second))).toMatchObject({ epoch: 1, acknowledged: 2 })
    // Some of it is known: a lost answer.
    expect(await lab.ingest.accept(eve, list(first, second, third))).toMatchObject({ acknowledged: 3 })
    const broken = Buffer.from(fourth)
    broken[broken.length - 1]! ^= 1
    expect(await codeOf(lab.ingest.accept(eve, list(broken, batches[4]!.bytes)))).toBe('PAN0301')
    expect(await lab.ingest.accept(eve, list(third, fourth, broken))).toMatchObject({ acknowledged: 4 })
    for (const bytes of [list(), list(first).subarray(0, 60), Buffer.concat([list(first), Buffer.from([1])])])
      expect(await codeOf(lab.ingest.accept(eve, bytes))).toBe('PAN0301')
    expect(await countRows(lab.record)).toBe(before + 400)
  })

  it('stores a list whose batches are of several days, in order, none left out', async () => {
    const dan = { ...alice, controller: 'c10' }
    const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
    const days = [today, yesterday, today, today, yesterday, yesterday, today, yesterday, yesterday, today]
    const batches: Awaited<ReturnType<typeof batchOf>>[] = []
    for (const [i, day] of days.entries()) batches.push(await batchOf(lab.record, { seq: i + 1, day, prev: batches.at(-1)?.header.sha256 ?? '' }))
    const bytes = batches.map((batch) => batch.bytes)
    const before = await countRows(lab.record)
    expect(await lab.ingest.accept(dan, list(...bytes.slice(0, 6)))).toMatchObject({ acknowledged: 6 })
    expect(await lab.ingest.accept(dan, list(...bytes))).toMatchObject({ acknowledged: 10 })
    expect(await countRows(lab.record)).toBe(before + 1_000)
    expect((await lab.ingest.lanes(dan)).accesses).toEqual([{ epoch: 1, seq: 10 }])
    expect((await lab.ingest.verify({})).problems).toEqual([])
  })

  it('lets batches gather for one insert, and stores what has gathered when it ends', async () => {
    const pacing = await createIngest({ record: lab.record, log, insertEveryMs: 3_600_000 })
    const batches = await batchesOf(lab.record, 4, { salt: 'gathered' })
    const mine = { ...alice, controller: 'gathered' }
    const received: number[] = []
    pacing.subscribe(({ received: at }) => received.push(at.getTime()))
    await pacing.accept(mine, batches[0]!.bytes)
    const waiting = Promise.all(batches.slice(1).map(({ bytes }) => pacing.accept(mine, bytes)))
    while (pacing.status().inFlightBytes < 3 * batches[1]!.header.rawBytes) await new Promise((done) => setTimeout(done, 10))
    expect(received).toHaveLength(1)
    await pacing.close()
    expect((await waiting).map(({ acknowledged }) => acknowledged)).toEqual([2, 3, 4])
    expect(received).toHaveLength(4)
  })

  it('stores the batches of a message in one insert', async () => {
    const pacing = await createIngest({ record: lab.record, log, insertEveryMs: 3_600_000 })
    const batches = await batchesOf(lab.record, 6, { salt: 'together' })
    const inserts = vi.spyOn(lab.record, 'insertNative')
    const mine = { ...alice, controller: 'together' }
    expect(await pacing.accept(mine, list(...batches.map(({ bytes }) => bytes)))).toMatchObject({ acknowledged: 6 })
    expect(inserts).toHaveBeenCalledTimes(1)
    inserts.mockRestore()
    await pacing.close()
  })

  it('lets go of what waits once its controller has gone, so that another server may store it', async () => {
    const pacing = await createIngest({ record: lab.record, log, insertEveryMs: 3_600_000 })
    const batches = await batchesOf(lab.record, 3, { salt: 'abandoned' })
    const mine = { ...alice, controller: 'abandoned' }
    const cut = new AbortController()
    await pacing.accept(mine, batches[0]!.bytes, cut.signal)
    const waiting = pacing.accept(mine, batches[1]!.bytes, cut.signal)
    const refused = expect(waiting).rejects.toMatchObject({ code: 'PAN0005' })
    cut.abort()
    expect(await lab.ingest.accept(mine, list(...batches.slice(1).map(({ bytes }) => bytes)))).toMatchObject({ acknowledged: 3 })
    await pacing.close()
    await refused
    expect(await lab.record.query("SELECT count() AS n FROM accesses WHERE controller = 'abandoned'")).toEqual([{ n: 300 }])
  })

  it('sets malformed batches aside and stays in order', async () => {
    const before = lab.ingest.status().refused.PAN0301 ?? 0
    const raw = await blockOf(lab.record, { epoch: 2, seq: 2 })
    const { header } = seal(raw, { seq: 1 })
    const wrong = [
      seal(raw, { epoch: 3, seq: 1, rows: 99 }),
      seal(raw, { epoch: 3, seq: 1, day: '1999-12-31' }),
      seal(raw, { epoch: 3, seq: 1, day: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10) }),
      seal(raw.subarray(0, -1), { epoch: 3, seq: 1 }),
      seal(Buffer.concat([raw, Buffer.from([0])]), { epoch: 3, seq: 1 }),
      seal(raw, { epoch: 3, seq: 1, stream: 'gaps' }),
      { bytes: frame({ ...header, sha256: '0'.repeat(64) }, raw) },
      { bytes: Buffer.from('PNB1') },
      { bytes: Buffer.from(`PNB1\xff\xff\xff\xff${today}`, 'latin1') },
    ]
    for (const { bytes } of wrong) expect(await codeOf(lab.ingest.accept(alice, bytes))).toBe('PAN0301')
    expect(await codeOf(lab.ingest.accept(alice, frame({ ...header, schema: 99 }, raw)))).toBe('PAN0304')
    const next = await batchOf(lab.record, { epoch: 3, seq: 1 })
    expect(await codeOf(lab.ingest.accept(alice, next.bytes))).toBe('accepted')
    expect(lab.ingest.status().refused.PAN0301).toBe(before + wrong.length)
  })

  it('stores the small streams too', async () => {
    for (const stream of ['proxy_counters', 'gaps'] as const) {
      const batch = await batchOf(lab.record, { stream, seq: 1, rows: 7 })
      expect(await lab.ingest.accept(alice, batch.bytes)).toEqual({ stream, epoch: 1, acknowledged: 1 })
    }
    expect(await lab.record.query('SELECT (SELECT count() FROM gaps) AS g, (SELECT count() FROM proxy_counters) AS p')).toEqual([{ g: 7, p: 7 }])
  })
})
