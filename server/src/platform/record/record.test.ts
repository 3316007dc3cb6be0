import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashOfId, openRecord, RecordError, type RecordStore } from './index.ts'

const log = pino({ level: 'silent' })
let dataDir: string
let record: RecordStore
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'panoptes-record-'))
  record = await openRecord({ dataDir, log })
}, 60_000)
afterAll(async () => {
  await record.close()
  rmSync(dataDir, { recursive: true, force: true })
}, 60_000)

const endless = 'SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1'
const running = async () =>
  (await record.query("SELECT query FROM system.processes WHERE query LIKE '%1000000000000%' AND query NOT LIKE '%system.processes%' AND NOT is_cancelled"))
    .length

describe('the record', () => {
  it('answers rows, columns and streams, with parameters as they are', async () => {
    const hostile = "x'\\\t\n--\0 {a:String} ü"
    expect(await record.query('SELECT {a:String} AS a, {b:Array(String)} AS b, {c:UInt64} AS c', { a: hostile, b: [hostile, ''], c: 7 })).toEqual([
      { a: hostile, b: [hostile, ''], c: 7 },
    ])
    // Types of more than one word.
    const moment = '2026-03-01 07:00:00.000001'
    expect(await record.query("SELECT toString({t:DateTime64(6, 'UTC')}) AS t, {m:Map(String, UInt8)} AS m", { t: moment, m: { a: 1 } })).toEqual([
      { t: moment, m: { a: 1 } },
    ])
    const long = `${hostile}${'ü'.repeat(2_000)}`
    expect(await record.query('SELECT {a:String} AS a, {a:String} AS again, {b:String} AS b, {c:Int8} AS c', { a: "\\'", b: long, c: -7 })).toEqual([
      { a: "\\'", again: "\\'", b: long, c: -7 },
    ])
    // More than a statement may be long, some of them twice.
    const many = Object.fromEntries(Array.from({ length: 6_000 }, (_, i) => [`p${i}`, `${i}${"'ü".repeat(30)}`]))
    const names = [...Object.keys(many), 'p0', 'p5999'].map((name) => `{${name}:String}`)
    const joined = [...Object.values(many), many.p0, many.p5999].join('')
    expect(await record.query(`SELECT arrayStringConcat([${names.join(', ')}]) AS all`, many)).toEqual([{ all: joined }])
    const uuid = '00000000-dead-4000-8000-000000000001'
    expect(await record.query('SELECT {u:UUID} AS u, toTypeName({n:UInt64}) AS t LIMIT {n:UInt64}', { u: uuid, n: 1 })).toEqual([{ u: uuid, t: 'UInt64' }])
    await expect(record.query('SELECT {n:UInt64} AS n', { n: '1 OR 1' })).rejects.toThrow()
    await expect(record.query('SELECT {missing:UInt64} AS n')).rejects.toThrow()
    expect(await record.columns('SELECT number AS n FROM numbers(3)')).toEqual({ n: [0, 1, 2] })
    const lengths: number[] = []
    for (const format of ['JSONEachRow', 'CSVWithNames', 'Native', 'Parquet'] as const) {
      let length = 0
      for await (const chunk of await record.stream('SELECT number, toString(number) AS t FROM numbers(300000)', format)) length += (chunk as Buffer).length
      lengths.push(length)
    }
    expect(lengths.map((length) => length > 1_000_000)).toEqual([true, true, true, true])
  })

  it('forgets the settings of the statement before', async () => {
    const threads = async (options?: { maxThreads: number }) => (await record.query<{ t: number }>("SELECT getSetting('max_threads') AS t", {}, options))[0]!.t
    const before = await threads()
    // Every connection of the pool is used in turn.
    for (let i = 0; i < 8; i++) expect(await threads({ maxThreads: 17 })).toBe(17)
    for (let i = 0; i < 8; i++) expect(await threads()).toBe(before)
  })

  it('says what is wrong with a statement, and which limit it met', async () => {
    await expect(record.query('SELECT nothing')).rejects.toMatchObject({ name: 'RecordError', code: 47 })
    await expect(record.query(endless, {}, { maxSeconds: 1 })).rejects.toMatchObject({ code: 'PAN0202' })
    await expect(record.query('SELECT number FROM numbers(100000000) ORDER BY cityHash64(number)', {}, { maxMemory: 50_000_000 })).rejects.toMatchObject({
      code: 'PAN0203',
    })
    expect(RecordError).toBeDefined()
  })

  it('stops a statement whose caller has gone', async () => {
    const gone = new AbortController()
    const asked = record.query(endless, {}, { signal: gone.signal })
    await sleep(300)
    expect(await running()).toBe(1)
    gone.abort()
    await expect(asked).rejects.toThrow()
    for (let i = 0; i < 50 && (await running()) > 0; i++) await sleep(100)
    expect(await running()).toBe(0)
    const stream = await record.stream('SELECT number FROM numbers(1000000000000)', 'JSONEachRow')
    stream.once('data', () => stream.destroy())
    await new Promise((done) => stream.once('close', done))
    for (let i = 0; i < 50 && (await running()) > 0; i++) await sleep(100)
    expect(await running()).toBe(0)
  }, 30_000)

  it('refuses a folder that another record holds', async () => {
    await expect(openRecord({ dataDir, log })).rejects.toMatchObject({ code: 'PAN0005', message: expect.stringContaining('in use') })
    expect(await record.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  }, 30_000)

  it('comes back by itself after a crash; until then callers are told', async () => {
    record.engine!.kill()
    for (let i = 0; i < 500 && record.status().state === 'ready'; i++) await sleep(20)
    await expect(record.query('SELECT 1')).rejects.toMatchObject({ code: 'PAN0005' })
    for (let i = 0; i < 300 && record.status().state !== 'ready'; i++) await sleep(100)
    expect(await record.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(record.status()).toMatchObject({ state: 'ready', restarts: 1 })
  }, 40_000)

  it('knows the hash by which the engine looks an id up', async () => {
    const ids = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', ...Array.from({ length: 500 }, () => randomUUID())]
    const rows = await record.query<{ id: string; hash: string }>(
      'SELECT toString(u) AS id, toString(cityHash64(u)) AS hash FROM (SELECT arrayJoin({ids:Array(UUID)}) AS u)',
      { ids },
    )
    expect(new Map(rows.map(({ id, hash }) => [id, hash]))).toEqual(new Map(ids.map((id) => [id, String(hashOfId(id))])))
  })

  it('gives the days of an older release their look-ups, and at a start those that lack them', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'panoptes-record-'))
    const older = ['0001_record.sql', '0002_inventory.sql', '0003_decisions.sql', '0004_lookups.sql']
    const insert = "INSERT INTO accesses (org, ts, src_pod) SELECT 'main', toDateTime64('2026-03-01 07:00:00', 6, 'UTC') + number, 'a' FROM numbers(3)"
    const seen = async (store: RecordStore) => {
      let table: string | undefined
      for (const end = Date.now() + 20_000; !table && Date.now() < end; await sleep(100)) table = await store.reader({ org: 'main' }).lookup!('sources')
      return Number((await store.query<{ n: number }>(`SELECT count() AS n FROM ${table}`))[0]!.n)
    }
    let store = await openRecord({ dataDir: dir, log, upTo: older })
    await store.command(insert)
    await store.close()
    store = await openRecord({ dataDir: dir, log })
    expect(await seen(store)).toBe(1)
    const parts = await store.query<{ projections: string[] }>("SELECT projections FROM system.parts WHERE active AND rows > 0 AND table = 'accesses'")
    expect(parts.map(({ projections }) => projections.toSorted())).toEqual([['destinations', 'ids', 'minutes', 'sources']])
    const checked = await store.query<{ is_passed: number }>('CHECK TABLE accesses', {}, { settings: { check_query_single_value_result: 0 } })
    expect(checked.map((part) => part.is_passed)).toEqual([1])
    await store.command('ALTER TABLE accesses CLEAR PROJECTION sources IN PARTITION 20260301 SETTINGS mutations_sync = 2')
    await store.close()
    store = await openRecord({ dataDir: dir, log })
    expect(await seen(store)).toBe(1)
    await store.close()
    rmSync(dir, { recursive: true, force: true })
  }, 60_000)

  it('does not open a record that a newer release has written', async () => {
    await record.command("INSERT INTO migrations (name, sha256) VALUES ('9999_later.sql', 'x')")
    await record.close()
    await expect(openRecord({ dataDir, log })).rejects.toMatchObject({ code: 'PAN0005', message: expect.stringContaining('newer release') })
    const other = mkdtempSync(join(tmpdir(), 'panoptes-record-'))
    writeFileSync(join(other, 'record'), 'no folder')
    await expect(openRecord({ dataDir: other, log })).rejects.toMatchObject({ code: 'PAN0005' })
    rmSync(other, { recursive: true, force: true })
    rmSync(dataDir, { recursive: true, force: true })
    record = await openRecord({ dataDir, log })
  }, 60_000)
})
