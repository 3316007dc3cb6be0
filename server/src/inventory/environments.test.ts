import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EnvironmentMatch, serverColumns, streams } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditRequest, ensureAdministrator } from '../access/index.ts'
import { createHttp, type Principal } from '../platform/http/index.ts'
import { openRecord, type RecordStore } from '../platform/record/index.ts'
import { openState, type State } from '../platform/state/index.ts'
import { registerInventory } from './index.ts'
import { listState } from './objects.ts'
import { confinedReader } from './reader.ts'
import { viewAt } from './view.ts'

/** Protects: an environment is the namespaces that its rules take, at the asked moment, in one's own organization. */
const log = pino({ level: 'silent' })
const dir = mkdtempSync(join(tmpdir(), 'panoptes-environments-'))
const began = Date.now() - 3_600_000
const minute = (n: number) => new Date(began + n * 60_000)
let state: State
let record: RecordStore
let app: FastifyInstance
let rows = 0
const uids = new Map<string, string>()

async function tell(stream: 'objects' | 'containers', at: number, cluster: string, cells: Record<string, string | number>, org = 'main'): Promise<void> {
  const ts = minute(at).toISOString().slice(0, 23).replace('T', ' ')
  const server = { org, cluster, controller: 'c1', origin: 'user', received: ts, epoch: 1, batch: 1 }
  rows++
  await record.insertRows(stream, [{ ...server, row: rows, ts, how: 'watched', resource_version: rows, ...cells }], [...serverColumns, ...streams[stream]])
}
const uidOf = (key: string): string => {
  if (!uids.has(key)) uids.set(key, `00000000-0000-4000-8000-${String(uids.size + 1).padStart(12, '0')}`)
  return uids.get(key)!
}
const created = minute(0).toISOString().slice(0, 23).replace('T', ' ')
function namespace(at: number, cluster: string, name: string, labels: Record<string, string> = {}, more: Record<string, string> = {}, org = 'main') {
  const cells = { event: 'added', kind: 'Namespace', name, uid: uidOf(`${org}/${cluster}/${name}`), created, summary: JSON.stringify({ labels }) }
  return tell('objects', at, cluster, { ...cells, ...more }, org)
}
async function pod(at: number, cluster: string, ns: string, workload: string): Promise<void> {
  const own = { namespace: ns, workload_kind: 'Deployment', workload }
  const summary = '{"phase":"Running","images":["i:1"]}'
  const uid = uidOf(`${cluster}/${ns}/${workload}`)
  await tell('objects', at, cluster, { event: 'added', kind: 'Pod', name: `${workload}-1`, uid, created, summary, ...own })
  const life = { event: 'started', pod: `${workload}-1`, pod_uid: uid, container: 'app', container_id: `${uid}-0`, image: `${workload}:1`, started: created }
  await tell('containers', at, cluster, { ...life, ...own, state: 'running', image_digest: `sha256:${'a'.repeat(64)}` })
}

const principals: Record<string, Pick<Principal, 'org' | 'scopes'>> = {
  admin: { org: 'main', scopes: new Set(['record:read', 'settings:write']) },
  viewer: { org: 'main', scopes: new Set(['record:read']) },
  rival: { org: 'rivals', scopes: new Set(['record:read', 'settings:write']) },
}
async function ask<T = Record<string, unknown>>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: object, as = 'admin') {
  const answer = await app.inject({ method, url: `/api/v1${url}`, headers: { 'x-test': as }, ...(body ? { payload: body } : {}) })
  return { status: answer.statusCode, body: answer.json() as T & { code?: string; detail?: string } }
}
const shown = ({ namespaces }: EnvironmentMatch) => namespaces.map((n) => `${n.cluster}/${n.namespace} ${n.rules} ${n.workloads}`)
const preview = async (rules: object[], at = 'now') => (await ask<EnvironmentMatch>('POST', `/environment-previews?at=${at}`, { rules })).body

beforeAll(async () => {
  state = await openState({ dataDir: join(dir, 'state'), onTrouble: () => undefined })
  await ensureAdministrator(state.db)
  await state.db.insertInto('organizations').values({ id: 'rivals', name: 'Rivals' }).execute()
  for (const name of ['east', 'west', 'west-2'])
    await state.db.insertInto('clusters').values({ org: 'main', name, connection: 'pod', options: '{}', createdBy: 'me' }).execute()
  record = await openRecord({ dataDir: join(dir, 'record'), log })
  app = createHttp({
    log,
    strict: true,
    authenticate: async (request) => ({ kind: 'user', id: 'u1', name: 'Ada', ...principals[String(request.headers['x-test'])]! }),
    audit: (request, change, outcome) => auditRequest(state.db, request, change, outcome),
  })
  registerInventory(app, { reader: (scope) => record.reader(scope), db: state.db })
  await namespace(1, 'east', 'shop', { team: 'shop', stage: 'prod' })
  await namespace(1, 'east', 'bank', { stage: 'prod' })
  await namespace(1, 'west', 'shop', { stage: 'test' })
  await namespace(2, 'west', 'gone', { stage: 'prod' })
  await pod(3, 'east', 'shop', 'cart')
  await pod(3, 'east', 'shop', 'till')
  await pod(3, 'east', 'bank', 'ledger')
  await pod(3, 'west', 'shop', 'cart')
  await namespace(1, 'east', 'theirs', {}, {}, 'rivals')
  // Half an hour on: a namespace is deleted, another gets a label.
  await namespace(30, 'west', 'gone', { stage: 'prod' }, { event: 'deleted' })
  await namespace(30, 'west', 'shop', { stage: 'prod' }, { event: 'modified' })
}, 120_000)
afterAll(async () => {
  await app?.close()
  await record?.close()
  await state?.close()
  rmSync(dir, { recursive: true, force: true })
})

describe('rules', () => {
  it('take namespaces by cluster, name and labels, and tell which rule took what', async () => {
    expect(shown(await preview([{}]))).toEqual(['east/bank 0 1', 'east/shop 0 2', 'west/shop 0 1'])
    expect(shown(await preview([{ clusters: ['east'], labels: 'stage=prod,team!=shop' }, { namespaces: ['shop'] }]))).toEqual([
      'east/bank 0 1',
      'east/shop 1 2',
      'west/shop 1 1',
    ])
    expect((await preview([{ labels: 'stage in (prod)' }, { clusters: ['east'] }])).counts).toEqual({ clusters: 2, namespaces: 3, workloads: 4 })
  })

  it('are held against the namespaces and labels of the asked moment', async () => {
    const at = minute(10).toISOString()
    expect(shown(await preview([{ labels: 'stage=prod' }], at))).toEqual(['east/bank 0 1', 'east/shop 0 2', 'west/gone 0 0'])
    expect(shown(await preview([{ labels: 'stage=prod' }]))).toEqual(['east/bank 0 1', 'east/shop 0 2', 'west/shop 0 1'])
  })

  it('say which of their names nothing bears, as of a namespace that was deleted', async () => {
    const rules = [{}, { clusters: ['west', 'nowhere'], namespaces: ['gone', 'shop'] }]
    expect((await preview(rules)).unknown).toEqual([{ rule: 1, clusters: ['nowhere'], namespaces: ['gone'] }])
    expect((await preview(rules, minute(10).toISOString())).unknown).toEqual([{ rule: 1, clusters: ['nowhere'], namespaces: [] }])
  })

  it('go on with a cluster that was connected anew under another name, but not with a copy of one that is there', async () => {
    const uid = uidOf('kube-system')
    for (const cluster of ['old-west', 'west-2', 'east']) await namespace(40, cluster, 'kube-system', {}, { uid })
    await namespace(40, 'west-2', 'shop')
    expect(shown(await preview([{ clusters: ['old-west'], namespaces: ['shop'] }]))).toEqual(['east/shop 0 2', 'west-2/shop 0 0'])
    expect(shown(await preview([{ clusters: ['east'], namespaces: ['shop'] }]))).toEqual(['east/shop 0 2'])
  })

  it('are refused with what is wrong in them', async () => {
    for (const [rules, told] of [
      [[], 'rules'],
      [[{ labels: 'a=b=c' }], 'a=b=c'],
      [[{ clusters: [] }], 'clusters'],
      [[{ namespaces: ["x' OR 1"] }], 'namespaces'],
      [[{ pods: 'all' }], 'pods'],
    ] as const) {
      const { status, body } = await ask('POST', '/environment-previews', { rules })
      expect([status, body.code]).toEqual([400, 'PAN0003'])
      expect(body.detail).toContain(told)
    }
  })
})

describe('an environment', () => {
  const prod = { name: 'Production', description: 'what customers see', color: 'red', rules: [{ labels: 'stage=prod', clusters: ['east'] }] }

  it('is made, found by name and id, changed and deleted, and all of it is in the audit log', async () => {
    const made = await ask<{ id: string }>('POST', '/environments', prod)
    expect([made.status, made.body]).toEqual([201, expect.objectContaining({ name: 'Production', createdBy: 'Ada' })])
    expect((await ask('POST', '/environments', prod)).body.code).toBe('PAN0008')
    expect((await ask('GET', `/environments/${made.body.id}`)).body).toEqual((await ask('GET', '/environments/Production')).body)
    const { environments } = (await ask<{ environments: object[] }>('GET', '/environments?text=CUSTOMERS')).body
    expect(environments).toMatchObject([{ name: 'Production', counts: { clusters: 1, namespaces: 2, workloads: 3 } }])
    expect((await ask('PATCH', '/environments/Production', { name: 'Live', rules: [{ namespaces: ['bank'] }] })).body).toMatchObject({
      ...{ name: 'Live', description: 'what customers see' },
      rules: [{ clusters: 'all', namespaces: ['bank'], labels: '' }],
    })
    const match = (await ask<EnvironmentMatch>('GET', '/environments/Live/namespaces')).body
    expect(shown(match)).toEqual(['east/bank 0 1'])
    expect((await ask('POST', '/environments', { ...prod, name: 'Other' })).status).toBe(201)
    expect((await ask('PATCH', '/environments/Other', { name: 'Live' })).body.code).toBe('PAN0008')
    for (const name of ['Live', 'Other']) expect((await ask('DELETE', `/environments/${name}`)).body).toEqual({ done: true })
    expect((await ask('GET', '/environments/Live')).body.code).toBe('PAN0007')
    const log = await state.db.selectFrom('audit').select(['action', 'target', 'result', 'after']).where('org', '=', 'main').orderBy('id').execute()
    const entries = log.map(({ action, target, result }) => `${action} ${target} ${result}`)
    expect(entries).toContain('updateEnvironment environment/Production done')
    expect(entries).toContain('deleteEnvironment environment/Live done')
    expect(entries.filter((entry) => entry.startsWith('previewEnvironment'))).toEqual([])
    expect(log.find(({ action }) => action === 'createEnvironment')?.after).toMatchObject({
      rules: ['all namespaces with stage=prod of east'],
    })
  })

  it('is of its organization alone, and is made by those who may change settings', async () => {
    expect((await ask('POST', '/environments', prod, 'viewer')).body.code).toBe('PAN0103')
    expect((await ask('POST', '/environments', prod)).status).toBe(201)
    expect((await ask('GET', '/environments', undefined, 'viewer')).body).toMatchObject({ environments: [{ name: 'Production' }] })
    expect((await ask('GET', '/environments', undefined, 'rival')).body).toMatchObject({ environments: [] })
    for (const [method, body] of [['GET'], ['PATCH', { color: 'blue' }], ['DELETE']] as const)
      expect((await ask(method, '/environments/Production', body, 'rival')).body.code).toBe('PAN0007')
    expect((await ask('POST', '/environments', prod, 'rival')).status).toBe(201)
    const theirs = (await ask<EnvironmentMatch>('POST', '/environment-previews', { rules: [{}] }, 'rival')).body
    expect(shown(theirs)).toEqual(['east/theirs 0 0'])
  })
})

describe('the inventory of an environment', () => {
  const found = async (url: string) => (await ask<Record<string, { name?: string; namespace: string; cluster: string }[]>>('GET', url)).body
  const names = (list: { name?: string; pod?: string; namespace: string; cluster: string }[]) =>
    list.map((o) => `${o.cluster}/${o.namespace}/${o.name ?? o.pod}`)

  it('holds what is in its namespaces, and the namespaces themselves', async () => {
    await ask('POST', '/environments', { name: 'tests', rules: [{ namespaces: ['shop'] }] })
    await ask('POST', '/environments', { name: 'nothing', rules: [{ namespaces: ['no-such'] }] })
    expect(names((await found('/workloads?environment=tests')).workloads!)).toEqual(['east/shop/cart', 'west/shop/cart', 'east/shop/till'])
    expect(names((await found('/workloads?environment=tests&cluster=west')).workloads!)).toEqual(['west/shop/cart'])
    expect(names((await found('/objects?kind=Namespace&environment=tests')).objects!)).toEqual(['east//shop', 'west//shop', 'west-2//shop'])
    expect(names((await found('/objects?kind=Pod&environment=tests')).objects!)).toHaveLength(3)
    expect(names((await found('/containers?environment=tests')).containers!)).toHaveLength(3)
    expect((await found('/images?environment=tests')).images).toMatchObject([{ containers: 3, clusters: ['east', 'west'] }])
    expect(await found('/inventory?environment=tests')).toMatchObject({ containers: 3 })
    expect((await found(`/containers/transitions?from=${minute(0).toISOString()}&environment=tests`)).transitions).toHaveLength(3)
    expect(names((await found(`/changes?from=${minute(0).toISOString()}&kind=Pod&environment=tests`)).changes!)).toHaveLength(3)
    expect((await found('/decisions?environment=tests')).decisions).toEqual([])
    for (const noun of ['workloads', 'objects', 'containers', 'images'])
      expect([(await found(`/${noun}?environment=nothing`))[noun], (await ask('GET', `/${noun}?environment=absent`)).body.code]).toEqual([[], 'PAN0007'])
  })

  it('is that of the asked moment; of a window, whatever belonged to it at any time of it', async () => {
    await ask('POST', '/environments', { name: 'prod', rules: [{ labels: 'stage=prod' }] })
    const [early, late] = [minute(10).toISOString(), minute(50).toISOString()]
    expect(names((await found(`/objects?kind=Pod&environment=prod&at=${early}`)).objects!)).not.toContain('west/shop/cart-1')
    expect(names((await found(`/objects?kind=Pod&environment=prod&at=${late}`)).objects!)).toContain('west/shop/cart-1')
    const inWindow = (from: string, to: string) => found(`/containers?environment=prod&from=${from}&to=${to}`)
    expect(names((await inWindow(early, late)).containers!)).toContain('west/shop/cart-1')
    expect(names((await inWindow(early, minute(20).toISOString())).containers!)).not.toContain('west/shop/cart-1')
    const { differences } = (
      await ask<{ differences: { change: string; before: { name: string } }[] }>(
        'GET',
        `/inventory/difference?kind=Namespace&environment=prod&from=${early}&to=${late}`,
      )
    ).body
    expect(differences.map((d) => `${d.change} ${d.before?.name}`)).toContain('removed gone')
  })

  it('may be of thousands of namespaces', async () => {
    await Promise.all(Array.from({ length: 12 }, (_, i) => namespace(45, 'east', `many-${i}-${'x'.repeat(40)}`)))
    const members = new Map([['east', [...Array.from({ length: 8_000 }, (_, i) => `many-${i}-${'x'.repeat(40)}`), "x') OR ('1'='1"]]])
    const reader = confinedReader((scope) => record.reader(scope), { org: 'main' } as Principal, 'all', new AbortController().signal)
    const view = await viewAt(reader, { atUs: Date.now() * 1000, kinds: ['Namespace'] })
    const { total } = await listState(reader, view, { kinds: ['Namespace'], members }, { sort: 'name', order: 'asc', limit: 1, offset: 0 })
    expect(total).toBe(12)
  })
})
