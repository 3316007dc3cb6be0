import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exportState, importState, newId, openState, type State } from '../platform/state/index.ts'
import { findPostgres, startPostgres } from '../platform/state/postgres-lab.ts'
import { Jobs } from './index.ts'

const home = mkdtempSync(join(tmpdir(), 'panoptes-keeping-'))
const onTrouble = () => undefined
let state: State

beforeAll(async () => {
  state = await openState({ dataDir: join(home, 'a'), onTrouble })
  await state.db.insertInto('organizations').values({ id: 'main', name: 'Main' }).execute()
})
afterAll(async () => {
  await state.close()
  rmSync(home, { recursive: true, force: true })
})

const ended = (jobs: Jobs, id: string) => expect.poll(async () => (await jobs.get('main', id)).state, { timeout: 20_000 })

describe('long work', () => {
  test('tells its progress and ends in a result; one of a kind at a time', async () => {
    const jobs = new Jobs(state.db, pino({ level: 'silent' }))
    const { promise: goOn, resolve } = Promise.withResolvers<void>()
    const job = await jobs.start('main', 'verify', async ({ onProgress }) => {
      onProgress({ done: 3, total: 9 })
      await goOn
      return { summary: 'fine', problems: [{ batch: 'b', problem: 'altered', detail: 'd' }] }
    })
    expect(job).toMatchObject({ state: 'running', kind: 'verify' })
    await expect(jobs.start('main', 'verify', async () => ({ summary: '' }))).rejects.toMatchObject({ code: 'PAN0008' })
    resolve()
    await ended(jobs, job.id).toBe('done')
    expect((await jobs.list('main'))[0]).toMatchObject({ done: 3, total: 9, summary: 'fine', problems: [{ problem: 'altered' }] })
    await expect(jobs.get('other', job.id)).rejects.toMatchObject({ code: 'PAN0007' })
  })

  test('is stopped from another replica', async () => {
    const [here, there] = [new Jobs(state.db, pino({ level: 'silent' })), new Jobs(state.db, pino({ level: 'silent' }))]
    const job = await here.start('main', 'backup', ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))))
    await there.stop('main', job.id)
    await ended(there, job.id).toBe('stopped')
  })

  test('whose server has gone counts as failed', async () => {
    const jobs = new Jobs(state.db, pino({ level: 'silent' }))
    await state.db
      .insertInto('jobs')
      .values({ id: newId(), org: 'main', kind: 'retention', state: 'running', total: null, seenAt: new Date(0) })
      .execute()
    const job = await jobs.start('main', 'retention', async () => ({ summary: 'fine' }))
    await ended(jobs, job.id).toBe('done')
    expect((await jobs.list('main')).filter((one) => one.kind === 'retention').map((one) => one.state)).toEqual(['done', 'failed'])
  })
})

describe('the state store as lines', () => {
  const file = join(home, 'state.ndjson')

  test('goes into an empty store and comes out the same', async () => {
    const at = new Date('2026-03-03T14:05:00.123Z')
    const user = { id: newId(), org: 'main', email: 'a@b.test', name: 'line\nbreak "quoted" é', role: 'admin' as const, lastSeenAt: at }
    await state.db.insertInto('users').values(user).execute()
    await state.db
      .insertInto('settings')
      .values({ org: 'main', value: JSON.stringify({ deep: { list: [1, 'two', null] } }) })
      .execute()
    const entry = {
      org: 'main',
      actorKind: 'system' as const,
      actorName: 's',
      action: 'a',
      target: 't',
      result: 'done' as const,
      address: '',
      userAgent: '',
      requestId: '',
    }
    for (let n = 0; n < 2_500; n++) await state.db.insertInto('audit').values(entry).execute()
    const rows = await exportState(state.db, file)
    expect(rows).toBe(2_500 + 3)

    const fresh = await openState({ dataDir: join(home, 'b'), onTrouble, empty: true })
    expect(await importState(fresh.db, file)).toBe(rows)
    expect(await fresh.db.selectFrom('users').selectAll().execute()).toEqual(await state.db.selectFrom('users').selectAll().execute())
    expect(await fresh.db.selectFrom('settings').select('value').execute()).toEqual([{ value: { deep: { list: [1, 'two', null] } } }])
    // Numbers go on where they were.
    await fresh.db.insertInto('audit').values(entry).execute()
    const last = await fresh.db.selectFrom('audit').select('id').orderBy('id', 'desc').executeTakeFirstOrThrow()
    expect(last.id).toBe(2_501)
    await expect(importState(fresh.db, file)).rejects.toMatchObject({ code: 'PAN0008' })
    await fresh.close()
  }, 120_000)

  if (findPostgres())
    test('moves from the embedded store to PostgreSQL', async () => {
      const postgres = await startPostgres()
      const target = await openState({ dataDir: home, postgresUrl: postgres.url, onTrouble, empty: true })
      await importState(target.db, file)
      const [here, there] = await Promise.all([state, target].map(({ db }) => db.selectFrom('users').selectAll().execute()))
      expect(there).toEqual(here)
      await target.close()
      await postgres.stop()
    }, 120_000)
})
