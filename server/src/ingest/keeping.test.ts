import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openRecord } from '../platform/record/index.ts'
import { restoreRecord } from './backup.ts'
import { createIngest } from './ingest.ts'
import { alice, batchesOf, countRows, type Lab, log, openLab, today } from './lab.ts'
import { reportLosses } from './losses.ts'

const dayBefore = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)
const now = { settings: { mutations_sync: 2 } }

let lab: Lab
let folder: string
beforeAll(async () => {
  lab = await openLab()
  folder = mkdtempSync(join(tmpdir(), 'panoptes-keeping-'))
  for (const [i, day] of [dayBefore(9), dayBefore(2), today].entries())
    for (const { bytes } of await batchesOf(lab.record, 3, { day, epoch: i + 1 })) await lab.ingest.accept(alice, bytes)
}, 120_000)
afterAll(async () => {
  await lab.close()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

describe('verify', () => {
  const problems = async () => (await lab.ingest.verify({})).problems.map(({ batch, problem }) => `${batch} ${problem}`)

  it('finds nothing in a sound record', async () => {
    expect(await lab.ingest.verify({})).toEqual({ batches: 9, rows: 900, retired: 0, problems: [] })
    expect(await lab.ingest.verify({ from: new Date(today) })).toMatchObject({ batches: 3, rows: 300 })
  })

  it('goes red on an altered, a missing and a doubled row and a changed ledger', async () => {
    await lab.record.command("ALTER TABLE accesses UPDATE path = '/forged' WHERE epoch = 1 AND batch = 2 AND row = 5", {}, now)
    await lab.record.command('ALTER TABLE accesses DELETE WHERE epoch = 2 AND batch = 1 AND row = 7', {}, now)
    await lab.record.command('INSERT INTO accesses SELECT * FROM accesses WHERE epoch = 3 AND batch = 3 AND row = 9 SETTINGS insert_deduplicate = 0')
    expect(await problems()).toEqual(['c1/accesses/1/2 altered', 'c1/accesses/2/1 missing', 'c1/accesses/3/3 doubled'])
    await lab.record.command('ALTER TABLE batches UPDATE rows = 99 WHERE epoch = 2 AND seq = 1', {}, now)
    expect(await problems()).toContain('c1/accesses/2/1 chain')
    await lab.record.command('ALTER TABLE batches UPDATE rows = 100 WHERE epoch = 2 AND seq = 1', {}, now)
    await lab.record.command('ALTER TABLE batches DELETE WHERE epoch = 3 AND seq = 2', {}, now)
    expect(await problems()).toContain('c1/accesses/3/3 chain')
  })

  it('reads the rows twice at most, however many batches that came just now lack theirs', async () => {
    const { record, ingest, close } = await openLab()
    for (const { bytes } of await batchesOf(record, 6)) await ingest.accept(alice, bytes)
    await record.command('ALTER TABLE accesses DELETE WHERE batch > 1', {}, now)
    const asked = vi.spyOn(record, 'query')
    expect((await ingest.verify({})).problems.map(({ problem }) => problem)).toEqual(Array(5).fill('missing'))
    expect(asked.mock.calls.filter(([sql]) => /FROM accesses\s/.test(sql))).toHaveLength(2)
    await close()
  }, 60_000)
})

describe('backup', () => {
  it('is restored with the same rows, and only where it is whole', async () => {
    const before = await countRows(lab.record)
    const backup = join(folder, 'one')
    expect((await lab.ingest.backup(backup)).rows).toBe(before)
    await expect(lab.ingest.backup(backup)).rejects.toMatchObject({ code: 'PAN0008' })
    const into = join(folder, 'restored')
    expect(await restoreRecord(backup, into, log)).toEqual({ rows: before })
    await expect(restoreRecord(backup, into, log)).rejects.toMatchObject({ code: 'PAN0008' })
    const record = await openRecord({ dataDir: into, log })
    const ingest = await createIngest({ record, log })
    expect(await ingest.resume(alice)).toEqual({ accesses: { epoch: 3, seq: 3 } })
    expect((await ingest.verify({})).problems).toEqual((await lab.ingest.verify({})).problems)
    await ingest.close()
    await record.close()
    const manifest = JSON.parse(readFileSync(join(backup, 'record', 'record.json'), 'utf8')) as { files: { path: string; bytes: number }[] }
    const file = join(backup, 'record', manifest.files.find(({ bytes }) => bytes > 1000)!.path)
    const bytes = readFileSync(file)
    bytes[500]! ^= 1
    writeFileSync(file, bytes)
    await expect(restoreRecord(backup, join(folder, 'other'), log)).rejects.toMatchObject({ code: 'PAN0003' })
  }, 60_000)
})

describe('retention', () => {
  it('removes whole days by age and by size, and the ledger remembers', async () => {
    expect(await lab.ingest.retention({ days: 5 }, { dryRun: true })).toMatchObject([{ day: dayBefore(9), rows: 300, why: 'age' }])
    expect(await countRows(lab.record)).toBe(900)
    await lab.ingest.retention({ days: 5 })
    expect(await countRows(lab.record)).toBe(600)
    expect(await lab.ingest.retention({ bytes: 1 })).toMatchObject([{ day: dayBefore(2), why: 'size' }])
    expect(await lab.record.query('SELECT DISTINCT toString(toDate(ts)) AS day FROM accesses')).toEqual([{ day: today }])
    expect(await lab.ingest.verify({})).toMatchObject({ retired: 6 })
    expect(await lab.ingest.forecast()).toMatchObject({ rows: 301 })
  })
})

describe('damage', () => {
  it('is set aside and reported by the scrub', async () => {
    const { record, ingest, close } = await openLab()
    for (const { bytes } of await batchesOf(record, 2)) await ingest.accept(alice, bytes)
    const [part] = await record.query<{ path: string }>("SELECT path FROM system.parts WHERE table = 'accesses' AND active ORDER BY name")
    const file = join(part!.path, 'data.bin')
    const bytes = readFileSync(file)
    bytes[bytes.length >> 1]! ^= 0x10
    writeFileSync(file, bytes)
    expect(await record.scrub()).toMatchObject([{ table: 'accesses', day: today }])
    expect(await reportLosses(record, log)).toMatchObject([{ controller: 'c1', stream: 'accesses', day: today, missed: 100 }])
    expect(await reportLosses(record, log)).toEqual([])
    expect(await record.query('SELECT reason, missed FROM gaps')).toEqual([{ reason: 'record-damaged', missed: 100 }])
    await close()
  }, 60_000)

  it.each([
    ['flipped', (bytes: Buffer) => bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 0x10)],
    ['cut', (bytes: Buffer) => bytes.subarray(0, 500)],
  ])(
    'of a part that was just merged is mended by what it was merged from: %s',
    async (_, harm) => {
      const { record, ingest, close } = await openLab()
      for (const { bytes } of await batchesOf(record, 3)) await ingest.accept(alice, bytes)
      await record.command('OPTIMIZE TABLE accesses FINAL')
      const [part] = await record.query<{ path: string }>("SELECT path FROM system.parts WHERE table = 'accesses' AND active")
      const file = join(part!.path, 'data.bin')
      writeFileSync(file, harm(readFileSync(file)))
      expect(await record.scrub({ youngerThanS: 600 })).toEqual([])
      expect(await countRows(record)).toBe(300)
      expect(await ingest.verify({})).toMatchObject({ rows: 300, problems: [] })
      expect(await reportLosses(record, log)).toEqual([])
      await close()
    },
    60_000,
  )

  it('is set aside and reported by verify, which met it', async () => {
    const { record, ingest, close } = await openLab()
    for (const { bytes } of await batchesOf(record, 2)) await ingest.accept(alice, bytes)
    const parts = await record.query<{ path: string }>("SELECT path FROM system.parts WHERE table = 'accesses' AND active ORDER BY name")
    const [flipped, cut] = parts.map(({ path }) => join(path, 'data.bin')) as [string, string]
    const bytes = readFileSync(flipped)
    bytes[bytes.length >> 1]! ^= 0x10
    writeFileSync(flipped, bytes)
    writeFileSync(cut, readFileSync(cut).subarray(0, 500))
    const { problems } = await ingest.verify({})
    expect(problems.map(({ problem }) => problem).sort()).toEqual(['damaged', 'damaged', 'missing', 'missing'])
    await close()
  }, 60_000)

  it('is found at start where a part was cut off', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'panoptes-damage-'))
    let record = await openRecord({ dataDir, log })
    let ingest = await createIngest({ record, log })
    for (const { bytes } of await batchesOf(record, 2)) await ingest.accept(alice, bytes)
    const [part] = await record.query<{ path: string }>("SELECT path FROM system.parts WHERE table = 'accesses' AND active ORDER BY name")
    await ingest.close()
    await record.close()
    const file = join(part!.path, 'data.bin')
    writeFileSync(file, readFileSync(file).subarray(0, -3_000))
    record = await openRecord({ dataDir, log })
    ingest = await createIngest({ record, log })
    expect(record.problems()).toMatchObject([{ table: 'accesses', reason: 'broken-on-start' }])
    expect(await record.query('SELECT sum(missed) AS missed FROM gaps')).toEqual([{ missed: 100 }])
    await ingest.close()
    await record.close()
    rmSync(dataDir, { recursive: true, force: true })
  }, 60_000)
})
