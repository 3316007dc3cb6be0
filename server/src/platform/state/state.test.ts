import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { holdLease, newId, openState, releaseLeases, type State } from './index.ts'
import { findPostgres, startPostgres } from './postgres-lab.ts'

const kinds = ['embedded', ...(findPostgres() ? ['postgres'] : [])] as const

describe.each(kinds)('state on %s', (kind) => {
  let state: State
  let again: () => Promise<State>
  const cleanUp: (() => unknown)[] = []

  beforeAll(async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'panoptes-state-'))
    const server = kind === 'postgres' ? await startPostgres() : undefined
    again = () => openState({ dataDir, postgresUrl: server?.url, onTrouble: () => undefined })
    state = await again()
    cleanUp.push(
      () => state.close(),
      () => server?.stop(),
      () => rmSync(dataDir, { recursive: true, force: true }),
    )
  }, 120_000)
  afterAll(async () => {
    for (const clean of cleanUp) await clean()
  }, 30_000)

  test('columns are camel case here, JSON and times come back as values', async () => {
    await state.db.insertInto('organizations').values({ id: 'main', name: 'Main' }).execute()
    await state.db
      .insertInto('settings')
      .values({ org: 'main', value: JSON.stringify({ retention_days: [1, 2] }) })
      .execute()
    const row = await state.db.selectFrom('settings').selectAll().executeTakeFirstOrThrow()
    expect(row.value).toEqual({ retention_days: [1, 2] })
    expect(row.updatedAt).toBeInstanceOf(Date)
    const { count } = await state.db.selectFrom('settings').select(sql<number>`count(*)`.as('count')).executeTakeFirstOrThrow()
    expect(count).toBe(1)
  })

  test('a failed transaction leaves nothing, and nobody else’s statement slips into it', async () => {
    const insert = (name: string) => state.db.insertInto('secrets').values({ name, value: 'x' })
    const failing = state.db.transaction().execute(async (tx) => {
      await tx.insertInto('secrets').values({ name: 'inside', value: 'x' }).execute()
      await sql`select 1 / 0`.execute(tx)
    })
    const beside = insert('beside').execute()
    await expect(failing).rejects.toThrow('division by zero')
    await beside
    const names = await state.db.selectFrom('secrets').select('name').execute()
    expect(names).toEqual([{ name: 'beside' }])
  })

  test('a lease has one owner until it is given back or runs out', async () => {
    expect(await holdLease(state.db, 'job', 'a', 60)).toBe(true)
    expect(await holdLease(state.db, 'job', 'b', 60)).toBe(false)
    expect(await holdLease(state.db, 'job', 'a', 60)).toBe(true)
    await releaseLeases(state.db, 'a')
    expect(await holdLease(state.db, 'job', 'b', -1)).toBe(true)
    expect(await holdLease(state.db, 'job', 'a', 60)).toBe(true)
  })

  test('opens again with what was written', async () => {
    if (kind === 'embedded') await state.close()
    const second = await again()
    expect(await second.db.selectFrom('organizations').select('id').execute()).toEqual([{ id: 'main' }])
    await second.vacuum()
    if (kind === 'embedded') state = second
    else await second.close()
  })

  const onPostgres = kind === 'postgres' ? test : () => undefined
  onPostgres('two replicas that start at once migrate once', async () => {
    await sql`drop schema public cascade`.execute(state.db)
    await sql`create schema public`.execute(state.db)
    const both = await Promise.all([again(), again()])
    const { rows } = await sql<{ count: number }>`select count(*) as count from migrations`.execute(state.db)
    expect(rows[0]?.count).toBeGreaterThan(1)
    for (const one of both) await one.close()
  })
})

test('a hung embedded store fails clearly and comes back', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'panoptes-state-'))
  const troubles: string[] = []
  const state = await openState({ dataDir, hangAfterMs: 3_000, onTrouble: (detail) => troubles.push(detail) })
  await state.db.insertInto('secrets').values({ name: 'kept', value: 'x' }).execute()
  const forever = sql`with recursive t (n) as (select 1 union all select n + 1 from t) select count(*) from t`.execute(state.db)
  await expect(forever).rejects.toMatchObject({ code: 'PAN0005' })
  expect(troubles[0]).toContain('did not answer')
  expect(await state.db.selectFrom('secrets').select('name').execute()).toEqual([{ name: 'kept' }])
  await state.close()
  rmSync(dataDir, { recursive: true, force: true })
}, 120_000)

test('ids are ordered by time', async () => {
  const first = newId()
  await new Promise((resolve) => setTimeout(resolve, 2))
  expect(newId() > first).toBe(true)
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
