import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Cluster, noKube, startCluster, startTimeoutMs } from '../../scripts/kube/cluster.ts'
import { PodChurn } from '../../scripts/kube/pod-churn.ts'
import { type Controller, defaultOptions, startController } from './index.ts'
import { StandIn } from './testing/index.ts'
import { parseKubeconfig } from './watch/index.ts'

const absent = noKube()
if (absent) console.warn(`SKIPPED: the inventory against a real API server: ${absent}`)
vi.setConfig({ testTimeout: 300_000 })

async function until(what: () => boolean | Promise<boolean>, why: string): Promise<void> {
  for (let i = 0; i < 1_200; i++) {
    if (await what()) return
    await sleep(50)
  }
  throw new Error(`waited in vain: ${why}`)
}

type Row = Record<string, unknown>
const line = ({ event, uid, resource_version }: Row) => `${event} ${uid} ${resource_version}`
const life = ({ event, container_id, evidence, exit_code }: Row) =>
  `${event} ${container_id}${event === 'ended' ? ` ${evidence === 'told' ? exit_code : undefined}` : ''}`

describe.skipIf(absent !== undefined)('what a controller tells of a cluster', () => {
  let cluster: Cluster
  let server: StandIn
  let url: string
  const dir = mkdtempSync(join(tmpdir(), 'inventory-'))
  beforeAll(async () => {
    cluster = await startCluster({ kcm: true, kwok: true })
    for (const name of ['shop', 'secret']) {
      await cluster.must('POST', '/api/v1/namespaces', { metadata: { name } })
      await until(async () => (await cluster.call('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`)).status === 200, 'the default account')
    }
  }, startTimeoutMs)
  beforeEach(async () => {
    server = new StandIn()
    url = await server.listen()
  })
  afterEach(() => server.close())
  afterAll(async () => {
    await cluster?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  const start = (data: string): Promise<Controller> => {
    const local = { host: '127.0.0.1', port: 0 }
    const access = parseKubeconfig(readFileSync(cluster.kubeconfig, 'utf8'))
    const watched = { access, by: 'kubeconfig' as const, roles: ['base', 'secrets'] as const }
    const options = { ...defaultOptions, name: 'lab', server: url, token: 't'.repeat(20), data, als: local, drain: 0, excludedNamespaces: ['secret'] }
    return startController({ ...options, cluster: watched }, pino({ level: process.env.LAB_LOG ?? 'silent' }))
  }
  const of = (kind: string, event?: string) => server.rows.objects.filter((row) => row.kind === kind && (!event || row.event === event))

  it('is every version of every object once, each life of a container, each lease, through stops and starts', async () => {
    const data = join(dir, 'a')
    let controller = await start(data)
    await until(() => of('Pod', 'synced').length === 1, 'the first list')
    const churn = new PodChurn(cluster, 'shop')
    const churning = churn.churn(400)
    for (let i = 0; i < 4; i++) {
      await sleep(700)
      await controller.stop(i % 2 === 0 ? 2_000 : 0)
      controller = await start(data)
    }
    await churning
    const pods = () => of('Pod').filter((row) => row.namespace === 'shop')
    await until(() => pods().length >= churn.log.length + churn.deleted.length, 'all changes')
    await sleep(1_500)
    await controller.stop()
    // Before it deletes a pod the API server marks it, and no answer tells that version.
    const deleted = new Set(churn.deleted)
    const lines = pods().map(line)
    expect(new Set(lines).size).toBe(lines.length)
    const told = new Set(lines)
    expect(churn.history.filter((entry) => !told.has(entry))).toEqual([])
    const made = new Set(churn.history)
    expect(pods().filter((row) => !made.has(line(row)) && !(row.event === 'modified' && deleted.has(row.uid as string)))).toEqual([])
    expect(server.rows.containers.map(life).sort()).toEqual(churn.lives.sort())
    expect(server.rows.gaps.filter((row) => row.stream === 'objects')).toEqual([])
    expect(server.faults).toEqual([])
    expect(new Set(server.rows.objects.map((row) => row.ts)).size).toBe(server.rows.objects.length)
    expect(JSON.stringify(server.rows, (_, value) => (typeof value === 'bigint' ? `${value}` : value))).not.toContain('canary')
  })

  it('is told once and whole also where the process is killed in the middle of it', async () => {
    await cluster.must('POST', '/api/v1/namespaces', { metadata: { name: 'killed' } })
    await until(async () => (await cluster.call('GET', '/api/v1/namespaces/killed/serviceaccounts/default')).status === 200, 'the default account')
    const args = [
      '--name',
      'lab',
      '--server',
      url,
      '--token',
      't'.repeat(20),
      '--data',
      join(dir, 'k'),
      '--als',
      '127.0.0.1:0',
      '--kubeconfig',
      cluster.kubeconfig,
    ]
    const run = () => spawn(process.execPath, [new URL('main.ts', import.meta.url).pathname, ...args], { stdio: 'ignore' })
    let child = run()
    await until(() => of('Pod', 'synced').length === 1, 'the first list')
    const churn = new PodChurn(cluster, 'killed')
    const pods = () => of('Pod').filter((row) => row.namespace === 'killed')
    for (let i = 0; i < 6; i++) {
      const seen = pods().length
      const churning = churn.churn(60)
      await until(() => pods().length > seen, 'something new')
      await sleep(40 * i)
      child.kill('SIGKILL')
      await once(child, 'exit')
      child = run()
      await churning
    }
    await until(() => pods().length >= churn.log.length + churn.deleted.length, 'all changes')
    await until(() => server.rows.containers.filter((row) => row.namespace === 'killed').length >= churn.lives.length, 'all lives')
    child.kill('SIGKILL')
    const lines = pods().map(line)
    expect(new Set(lines).size).toBe(lines.length)
    expect(churn.history.filter((entry) => !lines.includes(entry))).toEqual([])
    expect(
      server.rows.containers
        .filter((row) => row.namespace === 'killed')
        .map(life)
        .sort(),
    ).toEqual(churn.lives.sort())
    expect(server.rows.gaps.filter((row) => row.stream === 'objects')).toEqual([])
  })

  it('names the workload at the top, the digest that ran and the identity; keeps keys and no values; leaves out what is excluded', async () => {
    const controller = await start(join(dir, 'b'))
    await until(() => of('Pod', 'synced').length === 1, 'the first list')
    await cluster.must('POST', '/api/v1/nodes', { metadata: { name: 'node-1' } })
    const container = { name: 'cart', image: 'registry.example/cart:1', ports: [{ containerPort: 8080 }], env: [{ name: 'A', value: 'canary-env' }] }
    const template = { metadata: { labels: { app: 'cart' } }, spec: { nodeName: 'node-1', containers: [container] } }
    const deployment = { metadata: { name: 'cart' }, spec: { replicas: 2, selector: { matchLabels: { app: 'cart' } }, template } }
    for (const namespace of ['shop', 'secret']) {
      await cluster.must('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, deployment)
      await cluster.must('POST', `/api/v1/namespaces/${namespace}/secrets`, { metadata: { name: 'db' }, stringData: { password: 'canary-secret' } })
    }
    const started = () => server.rows.containers.filter((row) => row.workload === 'cart' && row.event === 'started')
    const leased = () => server.rows.ip_leases.filter((row) => row.workload === 'cart' && row.event === 'leased')
    await until(() => started().length === 2 && leased().length === 2, 'both pods to run')
    expect(started()[0]).toMatchObject({ namespace: 'shop', node: 'node-1', workload_kind: 'Deployment', owner_kind: 'ReplicaSet', state: 'running' })
    expect(started()[0]!.image_digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(started()[0]!.spiffe).toBe('spiffe://cluster.local/ns/shop/sa/default')
    expect(leased()[0]).toMatchObject({ ports: 'cart:8080', host_network: 0 })
    await until(() => of('Secret', 'added').some((row) => row.name === 'db'), 'the Secret')
    const [secret] = of('Secret', 'added').filter((row) => row.name === 'db')
    expect(JSON.parse(secret!.summary as string)).toMatchObject({ keys: ['password'] })
    const versions = () => of('Pod').filter((row) => row.workload === 'cart')
    await until(() => versions().some((row) => row.spec === '' && row.status !== ''), 'a change of status alone')
    expect(versions().filter((row) => row.event === 'added' && row.spec === '')).toEqual([])
    expect(of('ReplicaSet', 'added').find((row) => row.namespace === 'shop')).toMatchObject({ workload_kind: 'Deployment', workload: 'cart' })
    const text = JSON.stringify(server.rows, (_, value) => (typeof value === 'bigint' ? `${value}` : value))
    expect(text).not.toContain('canary')
    expect(
      Object.values(server.rows)
        .flat()
        .filter((row) => row.namespace === 'secret'),
    ).toEqual([])
    await controller.stop()
  })
})
