import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ensureAdministrator, homeOrganization as org } from '../access/index.ts'
import { openState, type State } from '../platform/state/index.ts'
import { listAbsences } from './reporters.ts'

const dir = mkdtempSync(join(tmpdir(), 'panoptes-reporters-'))
const now = Date.now()
const ago = (ms: number) => new Date(now - ms)
let state: State

beforeAll(async () => {
  state = await openState({ dataDir: dir, onTrouble: () => undefined })
  await ensureAdministrator(state.db)
})
afterAll(async () => {
  await state.close()
  rmSync(dir, { recursive: true, force: true })
})

/** A controller as its last heartbeat leaves it. */
async function spoke(id: string, at: Date, spool: { batches: number; oldest: string | null }, origin: 'user' | 'demo' = 'user'): Promise<void> {
  const row = { id, org, cluster: 'east', name: id, origin, instance: randomUUID(), keyHash: randomUUID(), nextKeyHash: null, version: '1', address: null }
  await state.db
    .insertInto('controllers')
    .values({ ...row, lastSeenAt: at })
    .execute()
  await state.db
    .insertInto('heartbeats')
    .values({ controllerId: id, at, body: JSON.stringify({ version: '1', sources: [], spool }) })
    .execute()
}

it('tells which controllers are away and which are behind, and nothing of those that keep up', async () => {
  const old = ago(600_000).toISOString()
  await spoke('keeps-up', ago(1_000), { batches: 12, oldest: ago(2_000).toISOString() })
  await spoke('busy', ago(1_000), { batches: 90, oldest: ago(4_000).toISOString() })
  await spoke('other-clock', ago(1_000), { batches: 3, oldest: old })
  await spoke('idle', ago(1_000), { batches: 0, oldest: null })
  await spoke('demo', ago(1_000), { batches: 900, oldest: old }, 'demo')
  await spoke('behind', ago(1_000), { batches: 400, oldest: old })
  await spoke('away', ago(300_000), { batches: 400, oldest: old })
  expect(await listAbsences(state.db, org)).toEqual([
    { controller: 'away', cluster: 'east', since: ago(300_000) },
    { controller: 'behind', cluster: 'east', since: ago(600_000), waiting: 400 },
  ])
})
