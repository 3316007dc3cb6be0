import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClusterOptions, type ClusterReport } from '@panoptes/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEnrolmentToken, ensureAdministrator, homeOrganization as org } from '../access/index.ts'
import { openState, type State } from '../platform/state/index.ts'
import { createKeeper } from './keeper.ts'
import { createCluster, deleteCluster, updateCluster } from './lifecycle.ts'
import { readCluster, readClusters } from './read.ts'
import { createSealer } from './sealing.ts'

const dir = mkdtempSync(join(tmpdir(), 'panoptes-clusters-'))
let state: State
let keeper: ReturnType<typeof createKeeper>
const reading = () => ({ db: state.db, version: '0.1.0', trouble: () => undefined })
const read = (name: string) => readCluster(reading(), org, name)

beforeAll(async () => {
  state = await openState({ dataDir: dir, onTrouble: () => undefined })
  await ensureAdministrator(state.db)
  keeper = createKeeper(state.db, async (_, after) => ({ images: [], after }))
})
afterAll(async () => {
  await state.close()
  rmSync(dir, { recursive: true, force: true })
})

/** A controller that has just spoken, as its heartbeat leaves it. */
async function speaks(cluster: string, change: Partial<ClusterReport>, name = 'panoptes-controller-0'): Promise<void> {
  const id = `${cluster}-${name}`
  const report: ClusterReport = {
    ...{ uid: 'u1', version: 'v1.36.3', orchestration: 'plain', access: 'pod', apiServers: ['a_1'], missing: [], leader: true },
    ...{ coverage: null, istio: {}, problem: null, at: new Date().toISOString() },
    ...change,
  }
  const hash = randomUUID()
  const row = { id, org, cluster, name, origin: 'user' as const, instance: randomUUID(), keyHash: hash, nextKeyHash: null, version: '0.1.0', address: null }
  await state.db
    .insertInto('controllers')
    .values({ ...row, lastSeenAt: new Date() })
    .onConflict((c) => c.column('id').doUpdateSet({ lastSeenAt: new Date() }))
    .execute()
  const body = JSON.stringify({ version: '0.1.0', sources: [], spool: { trouble: '' }, cluster: report })
  await state.db
    .insertInto('heartbeats')
    .values({ controllerId: id, at: new Date(), body })
    .onConflict((c) => c.column('controllerId').doUpdateSet({ at: new Date(), body }))
    .execute()
  const sender = { org, cluster, controller: id, origin: 'user' as const }
  await keeper.enrolled(sender)
  await keeper.heard(sender, report)
}
const alarms = async (code: string) => (await state.db.selectFrom('alarms').select('title').where('code', '=', code).execute()).map((alarm) => alarm.title)
const define = (name: string) => createCluster(state.db, createSealer(dir), { org, name, options: ClusterOptions.parse({}), createdBy: 'me' })

/** Protects: a cluster is who its kube-system namespace says it is, whatever name or key it comes under. */
describe('recognising clusters', () => {
  it('keeps the identity of the first report, and takes a name once', async () => {
    await define('eu-1')
    expect((await read('eu-1')).state).toBe('pending install')
    await speaks('eu-1', {})
    expect(await read('eu-1')).toMatchObject({ state: 'active', uid: 'u1', connection: 'pod', kubernetes: 'v1.36.3' })
    await expect(define('eu-1')).rejects.toMatchObject({ code: 'PAN0008' })
  })

  it('sees that a cluster was re-created behind its name', async () => {
    await speaks('eu-1', { uid: 'u2', apiServers: ['c_1'] })
    expect(await read('eu-1')).toMatchObject({ state: 'degraded', uid: 'u2' })
    expect(await alarms('PAN0511')).toEqual(['Cluster re-created'])
  })

  it('sees one cluster under two names, and a clone', async () => {
    await speaks('twice', { uid: 'u2', apiServers: ['c_1'] })
    expect((await read('twice')).problems.map((p) => p.code)).toEqual(['PAN0510'])
    expect(await alarms('PAN0510')).toEqual(['Cluster connected twice'])
    await speaks('copy', { uid: 'u2', apiServers: ['d_1'] })
    expect((await read('copy')).problems.map((p) => p.code)).toContain('PAN0512')
    expect(await alarms('PAN0512')).toContain('Cluster cloned')
  })

  it('sees two clusters under one name', async () => {
    await speaks('mixed', { uid: 'u7' })
    await speaks('mixed', { uid: 'u8' }, 'panoptes-controller-1')
    expect(await alarms('PAN0511')).toContain('Two clusters under one name')
    expect((await read('mixed')).problems[0]?.detail).toContain('2 different clusters')
  })
})

it('stops and starts a cluster: its controllers are not admitted in between', async () => {
  const sender = { org, cluster: 'eu-1', controller: 'x', origin: 'user' as const }
  await updateCluster(state.db, org, 'eu-1', { stopped: true })
  expect((await read('eu-1')).state).toBe('stopped')
  await expect(keeper.admit(sender)).rejects.toMatchObject({ code: 'PAN0515' })
  await updateCluster(state.db, org, 'eu-1', { stopped: false, environment: 'production' })
  await keeper.admit(sender)
  expect((await read('eu-1')).options.environment).toBe('production')
})

it('deletes a cluster with its keys and open tokens, and no other', async () => {
  await createEnrolmentToken(state.db, { org, cluster: 'eu-1', origin: 'user', createdBy: 'me', expiresInMinutes: 5 })
  const before = (await readClusters(reading(), org)).length
  expect(await deleteCluster(state.db, org, await read('eu-1'))).toEqual({ controllersRevoked: 1, tokensRevoked: 1 })
  expect(await readClusters(reading(), org)).toHaveLength(before - 1)
  await expect(read('eu-1')).rejects.toMatchObject({ code: 'PAN0007' })
})
