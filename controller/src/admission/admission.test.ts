import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdmissionSettings } from '@panoptes/contract/ingest'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, noKube, startCluster, startTimeoutMs } from '../../../scripts/kube/cluster.ts'
import { freePorts } from '../../../scripts/kube/part.ts'
import { type RawBatch, TableBatcher } from '../batch/index.ts'
import { kubeClient, parseKubeconfig } from '../watch/index.ts'
import { Admission } from './index.ts'

const absent = noKube()
if (absent) console.warn(`SKIPPED: admission before a real API server: ${absent}`)

const digest = `sha256:${'a'.repeat(64)}`
const settings: AdmissionSettings = { failurePolicy: 'fail', timeout: 5, unidentifiedImage: 'detect', registries: [] }

/** Protects: a real API server asks us, is answered by the rule, and what it holds itself it holds without us. */
describe.skipIf(absent !== undefined)('admission before a real API server', () => {
  let cluster: Cluster
  let admission: Admission
  let role: { metadata: { uid: string } }
  const data = mkdtempSync(join(tmpdir(), 'panoptes-admission-'))
  const batches: RawBatch[] = []
  const rows = () => batches.reduce((sum, batch) => sum + batch.rows, 0)

  beforeAll(async () => {
    cluster = await startCluster()
    for (const name of ['shop', 'panoptes']) await cluster.must('POST', '/api/v1/namespaces', { metadata: { name } })
    role = await cluster.must('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', { metadata: { name: 'panoptes-controller-admission' } })
    admission = await made(data)
    await admission.start()
    obey(settings, [{ image: 'registry.example/known:1', digest }])
  }, startTimeoutMs)
  afterAll(async () => {
    await admission?.stop()
    await cluster?.stop()
    rmSync(data, { recursive: true, force: true })
  })

  async function made(folder: string): Promise<Admission> {
    const [port] = (await freePorts(1)) as [number]
    return new Admission({
      client: kubeClient(parseKubeconfig(readFileSync(cluster.kubeconfig, 'utf8'))),
      ...{ data: folder, listen: { host: '127.0.0.1', port }, endpoint: { url: `https://127.0.0.1:${port}` }, exempt: ['panoptes'] },
      ...{ rotateEvery: 20_000, table: new TableBatcher('decisions', (raw) => batches.push(raw)), pods: () => [] },
      ...{ log: pino({ level: 'silent' }), now: Date.now },
    })
  }
  const configuration = () => cluster.must('GET', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/panoptes-controller')
  const obey = (next: AdmissionSettings, images: { image: string; digest: string }[] = []) => admission.obey({ settings: next, images, after: '1' })
  let pods = 0
  /** Asks for a pod, as a dry run; gives the status, the message and the warnings. */
  function ask(image: string, namespace = 'shop'): Promise<{ status: number; message: string; warnings: string }> {
    const body = JSON.stringify({ metadata: { name: `pod-${pods++}` }, spec: { containers: [{ name: 'app', image }] } })
    return new Promise((done, failed) => {
      const headers = { authorization: `Bearer ${cluster.token}`, 'content-type': 'application/json' }
      const sent = request(`${cluster.url}/api/v1/namespaces/${namespace}/pods?dryRun=All`, { method: 'POST', ca: cluster.ca, headers }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => {
          const said = JSON.parse(Buffer.concat(chunks).toString()) as { message?: string }
          done({ status: answer.statusCode!, message: said.message ?? '', warnings: String(answer.headers.warning ?? '') })
        })
      })
      sent.on('error', failed)
      sent.end(body)
    })
  }
  async function until(what: string, is: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < 300 && !(await is()); i++) await sleep(100)
    expect(await is(), what).toBe(true)
  }

  it('warns of what the record does not know, and lets it in', async () => {
    await until('a warning', async () => (await ask('registry.example/new:1')).warnings.includes('unidentified'))
    const known = [`registry.example/known:1`, `registry.example/other@${digest}`]
    for (const image of known) expect(await ask(image)).toMatchObject({ status: 201, warnings: '' })
    expect(await ask('registry.example/known:2')).toMatchObject({ status: 201, warnings: expect.stringContaining('no digest of this name') })
    await until('rows', async () => rows() > 3)
    expect(admission.report()).toMatchObject({ problem: '', after: '1' })
  })

  it('refuses where the rule is enforced, and never in its own namespace', async () => {
    obey({ ...settings, unidentifiedImage: 'enforce', registries: ['registry.example', 'quay.io/team'] })
    await until('a refusal', async () => (await ask('registry.example/new:1')).status === 403)
    expect(await ask('registry.example/known:1')).toMatchObject({ status: 201 })
    for (const namespace of ['panoptes', 'kube-system']) expect(await ask('registry.example/new:1', namespace)).toMatchObject({ status: 201 })
  })

  it('holds the list of registries in the API server itself, as the webhook reads it', async () => {
    await until('the policy', async () => (await ask('elsewhere.example/app:1')).message.includes('ValidatingAdmissionPolicy'))
    const outside = ['nginx', 'docker.io/library/nginx', 'registry.example.evil/x', 'registry.example:666/x', 'quay.io/teams/x', 'a/registry.example/x']
    for (const image of outside) expect((await ask(image)).message, image).toContain('ValidatingAdmissionPolicy')
    for (const image of [`quay.io/team/x@${digest}`, `registry.example/x:2@${digest}`]) expect((await ask(image)).status, image).toBe(201)
  })

  it('exchanges its certificate while it is asked', async () => {
    obey(settings)
    await until('detect mode', async () => (await ask('registry.example/new:1')).status === 201)
    const certificates = async () => Buffer.from((await configuration()).webhooks[0].clientConfig.caBundle, 'base64').toString()
    const [first, seen] = [await certificates(), new Set<number>()]
    const statuses = new Set<number>()
    await until('another authority', async () => {
      statuses.add((await ask('registry.example/known:1')).status)
      const now = await certificates()
      seen.add(now.split('BEGIN').length - 1)
      return now !== first && now.split('BEGIN').length === 2
    })
    expect([...statuses]).toEqual([201])
    expect([...seen].sort()).toEqual([1, 2])
  }, 60_000)

  it('belongs to its role, so that it goes with it; a second replica is trusted beside the first and goes on with what was chosen', async () => {
    expect((await configuration()).metadata.ownerReferences).toMatchObject([{ kind: 'ClusterRole', uid: role.metadata.uid }])
    const second = await made(join(data, 'second'))
    expect(second.ready).toBe(false)
    await second.start()
    await until('two authorities', async () => {
      const [webhook] = (await configuration()).webhooks
      return webhook.failurePolicy === 'Fail' && Buffer.from(webhook.clientConfig.caBundle, 'base64').toString().split('BEGIN').length >= 3
    })
    await until('it to be ready', async () => second.ready)
    expect((await ask('registry.example/new:1')).warnings).toContain('unidentified')
    await second.stop()
  })
})
