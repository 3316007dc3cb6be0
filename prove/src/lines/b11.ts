import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { type Cluster, ensureKube, startCluster } from '../kube.ts'
import { type Asked, askForPod, authoritiesOf, post, quantile, reviewOf, timeReviews, type Webhook, webhookOf } from '../lab/admission.ts'
import { freePorts } from '../lab/ports.ts'
import { type Controller, type Product, startController, startServer } from '../lab/product.ts'
import { sleep, until } from '../lab/wait.ts'
import { mustGoRed } from '../must-go-red.ts'
import { defineProof, type Run } from '../proof.ts'

const name = 'guarded'
const listed = ['registry.example', 'quay.example/team']
const digests = ['a', 'b', 'c'].map((c) => `sha256:${c.repeat(64)}`)
/** What runs when the proof begins, and so is known. */
const running = digests.map((digest, i) => ({ image: `registry.example/app-${i}:1`, digest }))

interface Lab {
  run: Run
  cluster: Cluster
  server: Product
  controller: Controller
}
interface Case {
  name: string
  image: string
}
/** How the generator says that a pod must end: by its own reading of the rule. */
function verdictOf(image: string): '' | 'registry-not-listed' | 'digest-unknown' | 'tag-unknown' {
  const [path, digest] = image.split('@') as [string, string | undefined]
  const parts = path.split('/')
  const full = parts.length > 1 && /[.:]|^localhost$/.test(parts[0]!) ? path : `docker.io/${parts.length === 1 ? 'library/' : ''}${path}`
  if (!listed.some((registry) => full.startsWith(`${registry}/`))) return 'registry-not-listed'
  if (digest) return digests.includes(digest) ? '' : 'digest-unknown'
  return running.some((known) => known.image === full) ? '' : 'tag-unknown'
}

export const b11 = defineProof({
  line: 'B.11',
  title: 'admission: fast, by the chosen failure policy when dead, its certificate rotated under load, the own namespace never blocked',
  async run(run) {
    const lab = await startLab(run)
    await proveDetect(lab)
    await proveLatency(lab)
    await proveEnforce(lab)
    await proveRotation(lab)
    await proveDead(lab)
    await proveSecrecy(lab)
  },
})

async function startLab(run: Run): Promise<Lab> {
  const bin = await ensureKube((line) => run.say(`     ${line}`))
  const [server, cluster] = await Promise.all([startServer(run), startCluster({ bin })])
  run.defer(() => cluster.stop())
  for (const namespace of ['shop', 'panoptes']) await cluster.must('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
  for (const [i, { image, digest }] of running.entries()) {
    const at = '/api/v1/namespaces/shop/pods'
    await cluster.must('POST', at, podOf(`running-${i}`, image))
    const state = { running: { startedAt: new Date().toISOString() } }
    const status = { name: 'app', image, imageID: `${image.split(':')[0]}@${digest}`, containerID: `containerd://${i}`, ready: true, restartCount: 0, state }
    await cluster.must('PATCH', `${at}/running-${i}/status`, { status: { phase: 'Running', containerStatuses: [status] } })
  }
  await server.api.post('/api/v1/clusters', { name, failurePolicy: 'fail', admissionTimeout: 10, registries: listed })
  const kubeconfig = await accountOf(run, cluster)
  const [port] = (await freePorts(1)) as [number]
  const admission = ['--admission', `127.0.0.1:${port}`, '--admission-at', `https://127.0.0.1:${port}`, '--admission-rotate', '20s']
  const controller = await startController(run, server, { name, args: ['--kubeconfig', kubeconfig, '--roles', 'base,admission', ...admission] })
  const lab = { run, cluster, server, controller }
  await until('the API server has been told', 60, async () => (await webhookOf(cluster))?.failurePolicy === 'Fail')
  await until('what runs is known', 60, async () => (await askForPod(cluster, 'shop', podOf('probe', running[0]!.image))).warnings === '')
  await until('what does not run is not', 60, async () => (await askForPod(cluster, 'shop', podOf('probe', 'registry.example/new:1'))).warnings !== '')
  await until('the API server warns of registries', 60, async () =>
    (await askForPod(cluster, 'shop', podOf('probe', 'nginx'))).warnings.includes('ValidatingAdmissionPolicy'),
  )
  return lab
}

const podOf = (pod: string, image: string, more: object = {}) => ({
  metadata: { name: pod },
  spec: { nodeName: 'node-1', containers: [{ name: 'app', image, ...more }] },
})

const choose = ({ server }: Pick<Lab, 'server'>, options: object) => server.api.open('PATCH', `/api/v1/clusters/${name}`, undefined, options)

/** An account with what docs/admission.md asks for, and no more. */
async function accountOf(run: Run, cluster: Cluster): Promise<string> {
  await cluster.must('POST', '/api/v1/namespaces/panoptes/serviceaccounts', { metadata: { name: 'controller' } })
  const own = { apiGroups: ['admissionregistration.k8s.io'], resourceNames: ['panoptes-controller'], verbs: ['get', 'create', 'patch', 'delete'] }
  const rules = [
    { apiGroups: [''], resources: ['namespaces', 'pods', 'nodes', 'services'], verbs: ['get', 'list', 'watch'] },
    { ...own, resources: ['validatingwebhookconfigurations', 'validatingadmissionpolicies', 'validatingadmissionpolicybindings'] },
  ]
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  await cluster.must('POST', `${rbac}/clusterroles`, { metadata: { name: 'guard' }, rules })
  const subjects = [{ kind: 'ServiceAccount', name: 'controller', namespace: 'panoptes' }]
  await cluster.must('POST', `${rbac}/clusterrolebindings`, {
    metadata: { name: 'guard' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'guard' },
    subjects,
  })
  const { status } = await cluster.must('POST', '/api/v1/namespaces/panoptes/serviceaccounts/controller/token', { spec: { expirationSeconds: 7_200 } })
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    clusters: [{ name: 'c', cluster: { server: cluster.url, 'certificate-authority-data': Buffer.from(cluster.ca).toString('base64') } }],
    users: [{ name: 'c', user: { token: status.token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
  }
  const file = join(run.dir, 'guard.kubeconfig')
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  return file
}

/** Pods of every kind of image, named so that each decision can be found again. */
function casesOf({ run }: Lab, prefix: string, count: number): Case[] {
  const path = () =>
    run.random.pick(['registry.example/app-0', 'registry.example/other', 'quay.example/team/x', 'quay.example/teams/x', 'nginx', 'registry.example:5000/x'])
  const image = () =>
    run.random.pick([
      () => run.random.pick(running).image,
      () => `${path()}:${run.random.int(9) + 1}`,
      () => `${path()}@${run.random.pick(digests)}`,
      () => `${path()}@sha256:${'d'.repeat(64)}`,
    ])()
  return Array.from({ length: count }, (_, i) => ({ name: `${prefix}-${i}`, image: image() }))
}

interface Decision {
  name: string
  tookUs: number
  verdict: string
  reason: string
  image: string
  dryRun: boolean
  user: string
}

/** Each pod is let in, whoever asked is warned where the rule says so, and the record holds each decision once. */
async function proveDetect(lab: Lab): Promise<void> {
  const { run, cluster, server } = lab
  const cases = casesOf(lab, 'detect', run.scaled(150, 1_500))
  const asked: (Case & Asked)[] = []
  for (const one of cases) asked.push({ ...one, ...(await askForPod(cluster, 'shop', podOf(one.name, one.image))) })
  run.bar('pods that detect mode did not let in', asked.filter(({ status }) => status !== 201).length, '=', 0)
  run.bar('warnings that are missing or too many', asked.filter(({ image, warnings }) => (warnings !== '') !== (verdictOf(image) !== '')).length, '=', 0)
  await compareDecisions(lab, 'decisions in detect mode', cases, (reason) => (reason === '' ? 'allowed' : 'warned'))
  const said = execFileSync(process.execPath, ['cli/src/main.ts', 'decision', 'list', '--verdict', 'warned', '-n', '1', '--server', server.url], {
    ...{ cwd: join(import.meta.dirname, '../../..'), encoding: 'utf8', env: { ...process.env, PANOPTES_TOKEN: server.token } },
  })
  run.check('`panoptes decision list` shows one', /unidentified-image/.test(said), said.split('\n')[1]?.slice(0, 160) ?? said)
}

async function compareDecisions({ run, server }: Lab, title: string, cases: readonly Case[], verdict: (reason: string) => string): Promise<void> {
  const prefix = cases[0]!.name.replace(/\d+$/, '')
  const read = async (): Promise<Decision[]> => {
    const { decisions } = await server.api.get<{ decisions: Decision[] }>('/api/v1/decisions', { from: '-1h', cluster: name, namespace: 'shop', limit: 10_000 })
    return decisions.filter((decision) => decision.name.startsWith(prefix))
  }
  await until('the decisions are in the record', 60, async () => (await read()).length >= cases.length).catch(() => undefined)
  const lineOf = ({ name: pod, verdict: v, reason, image, dryRun, user }: Omit<Decision, 'tookUs'>) => [pod, v, reason, image, dryRun, user].join(' ')
  const expected = cases.map(({ name: pod, image }) => {
    const reason = verdictOf(image)
    return lineOf({ name: pod, verdict: verdict(reason), reason, image: reason === '' ? '' : image, dryRun: true, user: 'admin' })
  })
  mustGoRed(run, {
    name: title,
    rows: await read(),
    compare: (rows) => {
      const [had, must] = [rows.map(lineOf).sort(), [...expected].sort()]
      const count = (lines: readonly string[]) => {
        const counts = new Map<string, number>()
        for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
        return counts
      }
      const [a, b] = [count(had), count(must)]
      return [...new Set([...had, ...must])]
        .filter((line) => a.get(line) !== b.get(line))
        .map((line) => `${line}: has ${a.get(line) ?? 0}, must have ${b.get(line) ?? 0}`)
    },
    alter: (row) => ({ ...row, verdict: row.verdict === 'denied' ? 'allowed' : 'denied' }),
  })
}

async function proveLatency({ run, cluster, server }: Lab): Promise<void> {
  const total = run.scaled(1_000, 10_000)
  const review = (i: number) => reviewOf(run.random.uuid(), 'shop', podOf(`timed-${i}`, i % 2 ? running[0]!.image : 'registry.example/new:1'))
  run.figure('bytes of a review', JSON.stringify(review(0)).length)
  const webhook = (await webhookOf(cluster))!
  await timeReviews(webhook, 1, 200, review)
  for (const connections of [1, 8]) {
    const times = await timeReviews((await webhookOf(cluster))!, connections, total, review)
    run.figure(`ms at ${connections} connection${connections > 1 ? 's' : ''}: p50`, quantile(times, 0.5))
    if (connections === 1) run.bar('ms at 1 connection: p99', quantile(times, 0.99), '<=', 15)
    else run.figure(`ms at ${connections} connections: p99`, quantile(times, 0.99))
  }
  const inside = await until('decisions on these are in the record', 60, async () => {
    const { decisions } = await server.api.get<{ decisions: Decision[] }>('/api/v1/decisions', { from: '-1h', cluster: name, namespace: 'shop', limit: 10_000 })
    const timed = decisions.flatMap((decision) => (decision.name.startsWith('timed-') ? [decision.tookUs / 1_000] : []))
    return timed.length >= total ? timed.sort((a, b) => a - b) : undefined
  })
  run.figure('ms within the controller: p99', quantile(inside, 0.99))
}

async function proveEnforce(lab: Lab): Promise<void> {
  const { run, cluster } = lab
  await choose(lab, { imageRule: 'enforce' })
  const says = async (image: string) => (await askForPod(cluster, 'shop', podOf('probe', image))).message
  await until('the webhook refuses', 60, async () => (await says('registry.example/new:1')).includes('pods.admission.panoptes'))
  await until('the policy refuses', 60, async () => (await says('nginx')).includes('ValidatingAdmissionPolicy'))
  const cases = casesOf(lab, 'enforce', run.scaled(100, 1_000))
  const wrong: string[] = []
  for (const { name: pod, image } of cases) {
    const { status, message } = await askForPod(cluster, 'shop', podOf(pod, image))
    if ((status === 201) !== (verdictOf(image) === '')) wrong.push(`${image}: ${status} ${message}`)
  }
  for (const line of wrong.slice(0, 5)) run.say(`     ${line}`)
  run.bar('pods that enforce mode let in or refused wrongly', wrong.length, '=', 0)
  // What the API server refuses by itself it does not ask us about.
  const asked = cases.filter(({ image }) => verdictOf(image) !== 'registry-not-listed')
  await compareDecisions(lab, 'decisions in enforce mode', asked, (reason) => (reason === '' ? 'allowed' : 'denied'))
  await proveOwn(lab, 'while it is enforced')
}

async function proveOwn({ run, cluster }: Lab, when: string): Promise<void> {
  for (const namespace of ['panoptes', 'kube-system']) {
    const answers = await Promise.all(['nginx', 'registry.example/new:1'].map((image) => askForPod(cluster, namespace, podOf('own', image))))
    run.check(
      `${namespace} is not blocked ${when}`,
      answers.every(({ status }) => status === 201),
      answers.map(({ status }) => status).join(),
    )
  }
}

/** Load through the API server, and reviews over connections of their own that trust what stands in the cluster at that moment. */
async function proveRotation({ run, cluster }: Lab): Promise<void> {
  const seen = new Set<string>()
  const results: { name: string; status: number }[] = []
  const most = new Set<number>()
  const end = Date.now() + 90_000
  let stop = false
  const load = async (worker: number): Promise<void> => {
    for (let i = 0; !stop; i++) {
      const one = `load-${worker}-${i}`
      const { status } = await askForPod(cluster, 'shop', podOf(one, running[i % 3]!.image)).catch(() => ({ status: 0 }))
      results.push({ name: one, status })
    }
  }
  const direct = async (): Promise<void> => {
    for (let i = 0; !stop; i++) {
      const agent = new Agent({ keepAlive: false })
      const { url, bundle } = (await webhookOf(cluster)) as Webhook
      const { status } = await post(url, reviewOf(run.random.uuid(), 'shop', podOf('direct', running[0]!.image)), { ca: bundle, agent }).catch(() => ({
        status: 0,
      }))
      results.push({ name: `direct-${i}`, status: status === 200 ? 201 : status })
    }
  }
  const watch = async (): Promise<void> => {
    while (!stop) {
      const authorities = authoritiesOf((await webhookOf(cluster))!.bundle)
      for (const authority of authorities) seen.add(authority)
      most.add(authorities.length)
      stop = (seen.size >= 3 && authorities.length === 1) || Date.now() > end
      await sleep(100)
    }
  }
  await Promise.all([load(0), load(1), load(2), direct(), watch()])
  run.figure('reviews during the rotations', results.length)
  run.bar('certificates exchanged under load', seen.size - 1, '>=', 2)
  run.check('old and new authority stood side by side', most.has(2) && Math.max(...most) === 2, [...most].join())
  const names = results.map((result) => result.name).sort()
  mustGoRed(run, {
    name: 'reviews under load that failed',
    rows: results,
    compare: (rows) => [
      ...rows.filter(({ status }) => status !== 201).map((row) => `${row.name}: ${row.status}`),
      ...(rows
        .map((row) => row.name)
        .sort()
        .join() === names.join()
        ? []
        : ['an answer is missing or there twice']),
    ],
    alter: (row) => ({ ...row, status: 500 }),
  })
}

/** kill -9: what the cluster has chosen decides, and what the API server holds by itself still holds. */
async function proveDead(lab: Lab): Promise<void> {
  const { run, cluster, controller } = lab
  const known = podOf('dead', running[0]!.image)
  await controller.process().stop('SIGKILL')
  const refused = await askForPod(cluster, 'shop', known)
  run.check(
    'dead, failure policy fail: refused',
    refused.status >= 400 && /webhook/.test(refused.message),
    `${refused.status} ${refused.message.slice(0, 120)}`,
  )
  await proveOwn(lab, 'while the webhook is dead')
  await controller.start()
  await until('it answers again', 60, async () => (await askForPod(cluster, 'shop', known)).status === 201)
  await choose(lab, { failurePolicy: 'ignore', admissionTimeout: 3 })
  await until('the other failure policy stands', 60, async () => (await webhookOf(cluster))?.failurePolicy === 'Ignore')
  run.bar('seconds to wait, as chosen', (await webhookOf(cluster))!.timeoutSeconds, '=', 3)
  await controller.process().stop('SIGKILL')
  await sleep(1_000)
  const let_in = await askForPod(cluster, 'shop', podOf('dead', 'registry.example/new:1'))
  run.check('dead, failure policy ignore: let in', let_in.status === 201, `${let_in.status} ${let_in.message.slice(0, 120)}`)
  const outside = await askForPod(cluster, 'shop', podOf('dead', 'evil.example/x:1'))
  run.check('dead: the list of registries holds', outside.status >= 400 && /ValidatingAdmissionPolicy/.test(outside.message), outside.message.slice(0, 160))
  await controller.start()
}

/** What a pod may hold beside its images is not in the record. */
async function proveSecrecy({ run, cluster, server, controller }: Lab): Promise<void> {
  const canaries = Array.from({ length: 20 }, () => `cnry${run.random.uuid().replaceAll('-', '')}`)
  await until('it answers again', 60, async () => (await askForPod(cluster, 'shop', podOf('probe', running[0]!.image))).status === 201)
  for (const [i, canary] of canaries.entries()) {
    const pod = podOf(`secret-${i}`, running[0]!.image, { env: [{ name: 'PASSWORD', value: canary }], args: [`--password=${canary}`] })
    await askForPod(cluster, 'shop', { ...pod, metadata: { ...pod.metadata, annotations: { 'example.com/token': canary } } })
  }
  const query = { from: '-1h', cluster: name, limit: 10_000 }
  const text = await until('the decisions are in the record', 60, async () => {
    const told = JSON.stringify(await server.api.get('/api/v1/decisions', query))
    return told.includes(`secret-${canaries.length - 1}`) ? told : undefined
  })
  const places = { 'the record': text, 'the log': controller.process().output() }
  for (const [place, content] of Object.entries(places)) run.bar(`canaries in ${place}`, canaries.filter((canary) => content.includes(canary)).length, '=', 0)
}
