import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Cluster, ensureKube, startCluster } from '../kube.ts'
import { ApiError } from '../lab/api.ts'
import { clusterOf, untilCluster } from '../lab/clusters.ts'
import { objectsWhere } from '../lab/kube-objects.ts'
import { type Product, startServer } from '../lab/product.ts'
import { sleep, until } from '../lab/wait.ts'
import { mustGoRed } from '../must-go-red.ts'
import { defineProof, type Run } from '../proof.ts'

interface Config {
  clusters: { name: string; cluster: Record<string, unknown> }[]
  users: { name: string; user: Record<string, unknown> }[]
  [field: string]: unknown
}

export const b03 = defineProof({
  line: 'B.3',
  title: 'a cluster by its kubeconfig alone: inventory and history with nothing installed; dangerous kubeconfigs are refused',
  async run(run) {
    const bin = await ensureKube((line) => run.say(`     ${line}`))
    const [server, cluster] = await Promise.all([startServer(run), startCluster({ bin, kcm: true, kwok: true })])
    run.defer(() => cluster.stop())
    const token = await readerToken(cluster)
    const config = kubeconfigOf(cluster, { token })
    await proveRefusals(run, server, cluster, config)

    const before = await objectsWhere(cluster, ({ kind }) => !passing.has(kind))
    const wrote = await writes(cluster)
    await server.api.post('/api/v1/clusters', { name: 'vanilla', connect: { kubeconfig: JSON.stringify(config) } })
    const active = await untilCluster(server, 'vanilla', 'active', 60, ({ state }) => state === 'active')
    run.check(
      'it is agentless, and marked "no mesh telemetry"',
      active.connection === 'agentless' && (active as unknown as { telemetry: string }).telemetry === 'none',
      active.connection,
    )
    const { metadata } = await cluster.must('GET', '/api/v1/namespaces/kube-system')
    run.check('it is known by the UID of kube-system', active.uid === metadata.uid, String(active.uid))

    await sleep(3_000)
    const after = await objectsWhere(cluster, ({ kind }) => !passing.has(kind))
    run.bar(
      'objects that came or went with the connection',
      after.filter((o) => !before.includes(o)).length + before.filter((o) => !after.includes(o)).length,
      '=',
      0,
    )
    const written = [...(await writes(cluster))].filter(([what, count]) => !/selfsubject/.test(what) && count > (wrote.get(what) ?? 0)).map(([what]) => what)
    run.bar('requests of the product that write (beside asking for its own rights)', written.length, '=', 0)
    for (const line of written) run.say(`     ${line}`)

    await proveHistory(run, server, cluster)
    // The same by its parts, with a token made anew.
    const parts = { server: cluster.url, token: await freshToken(cluster), certificateAuthority: cluster.ca }
    await server.api.open('PUT', '/api/v1/clusters/vanilla/connection', undefined, parts)
    await sleep(3_000)
    await untilCluster(server, 'vanilla', 'active by a token', 60, ({ state }) => state === 'active')
    await proveSecrecy(run, server, token)
    await proveRestart(run, server)
  },
})

/** What a control plane makes and forgets by itself. */
const passing = new Set(['Event', 'Lease', 'Node', 'Pod', 'ReplicaSet', 'ControllerRevision'])

/** Requests that write, by user agents that are not the control plane's own. */
async function writes(cluster: Cluster): Promise<Map<string, number>> {
  const counts = await cluster.requests()
  const own =
    /leases|events|endpointslices|endpoints|nodes|pods|replicasets|deployments|serviceaccounts|configmaps|namespaces|flowschemas|prioritylevel|apiservices|clusterrole|role|subjectaccessreviews$|tokenreviews|servicecidrs|ipaddresses/
  return new Map([...counts].filter(([what]) => /^(POST|PUT|PATCH|DELETE|APPLY)/.test(what) && !own.test(what.replace(/^\w+ self/, ''))))
}

/** A ServiceAccount that may look, made by an administrator; its token is what the product is given. */
async function readerToken(cluster: Cluster): Promise<string> {
  await until('the namespace is ready', 30, async () => (await cluster.call('GET', '/api/v1/namespaces/default/serviceaccounts/default')).status === 200)
  await cluster.must('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'reader' } })
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  const rules = [
    {
      apiGroups: [''],
      resources: [
        'namespaces',
        'pods',
        'nodes',
        'services',
        'serviceaccounts',
        'resourcequotas',
        'limitranges',
        'events',
        'configmaps',
        'persistentvolumeclaims',
        'replicationcontrollers',
      ],
      verbs: ['get', 'list', 'watch'],
    },
    ...['apps', 'batch', 'autoscaling', 'policy', 'discovery.k8s.io', 'networking.k8s.io', 'rbac.authorization.k8s.io', 'coordination.k8s.io'].map((group) => ({
      apiGroups: [group],
      resources: ['*'],
      verbs: ['get', 'list', 'watch'],
    })),
  ]
  await cluster.must('POST', `${rbac}/clusterroles`, { metadata: { name: 'reader' }, rules })
  await cluster.must('POST', `${rbac}/clusterrolebindings`, {
    metadata: { name: 'reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'default' }],
  })
  return freshToken(cluster)
}

async function freshToken(cluster: Cluster): Promise<string> {
  const spec = { expirationSeconds: 7_200 }
  const made = await cluster.must('POST', '/api/v1/namespaces/default/serviceaccounts/reader/token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec,
  })
  return made.status.token
}

function kubeconfigOf(cluster: Cluster, user: Record<string, unknown>): Config {
  const server = { server: cluster.url, 'certificate-authority-data': Buffer.from(cluster.ca).toString('base64') }
  return {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    clusters: [{ name: 'c', cluster: server }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  }
}

/** Each with what must be in the reason. A program that is named must not be run. */
async function proveRefusals(run: Run, server: Product, cluster: Cluster, good: Config): Promise<void> {
  const canary = join(run.dir, 'it-ran')
  const token = good.users[0]!.user.token
  const user = (more: Record<string, unknown>) => JSON.stringify({ ...good, users: [{ name: 'u', user: more }] })
  const at = (more: Record<string, unknown>) => JSON.stringify({ ...good, clusters: [{ name: 'c', cluster: { ...good.clusters[0]!.cluster, ...more } }] })
  const bad: [what: string, kubeconfig: string, code: string, reason: RegExp][] = [
    ['exec', user({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch', args: [canary] } }), 'PAN0501', /exec/],
    ['exec beside a token', user({ token, exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch', args: [canary] } }), 'PAN0501', /exec/],
    ['auth plug-in', user({ 'auth-provider': { name: 'gcp', config: { 'cmd-path': '/usr/bin/touch', 'cmd-args': canary } } }), 'PAN0501', /auth-provider/],
    ['token file', user({ tokenFile: '/etc/passwd' }), 'PAN0501', /tokenFile/],
    ['client certificate file', user({ token, 'client-certificate': '/etc/passwd' }), 'PAN0501', /client-certificate/],
    ['client key file', user({ token, 'client-key': '/etc/shadow' }), 'PAN0501', /client-key/],
    ['authority file', at({ 'certificate-authority': '/etc/passwd' }), 'PAN0501', /certificate-authority/],
    ['http', at({ server: cluster.url.replace('https', 'http') }), 'PAN0501', /http/],
    ['no verification', at({ 'insecure-skip-tls-verify': true }), 'PAN0501', /insecure-skip-tls-verify/],
    ['proxy', at({ 'proxy-url': 'http://10.0.0.1:3128' }), 'PAN0501', /proxy-url/],
    ['password in the address', at({ server: cluster.url.replace('https://', 'https://a:b@') }), 'PAN0501', /password/],
    ['password', user({ username: 'admin', password: 'admin' }), 'PAN0501', /password/],
    ['impersonation', user({ token, as: 'system:admin' }), 'PAN0501', /as/],
    ['no credential', user({}), 'PAN0501', /neither a token nor a client certificate/],
    ['no such context', JSON.stringify({ ...good, 'current-context': 'nowhere' }), 'PAN0501', /nowhere/],
    ['garbage', `\u0007${'x'.repeat(500)}`, 'PAN0501', /not/],
    ['a file of bytes', `\u0000${'x'.repeat(500)}`, 'PAN0003', /kubeconfig.*U\+0000/],
    ['anchors', `a: &a [x, x]\nb: &b [*a, *a]\nclusters: [*b, *b]\n${JSON.stringify(good)}`, 'PAN0501', /not/],
    ['a token nobody knows', user({ token: 'nobody-knows-this' }), 'PAN0504', /does not know/],
    [
      'a wrong authority',
      at({ 'certificate-authority-data': Buffer.from(otherAuthority(run)).toString('base64') }),
      'PAN0503',
      /certificate|self.signed|verif/i,
    ],
  ]
  const parts = { server: cluster.url, token: String(token), certificateAuthority: cluster.ca }
  const refusals: { what: string; code: string; detail: string }[] = []
  for (const [what, kubeconfig] of bad) {
    try {
      await server.api.post('/api/v1/clusters', { name: 'bad', connect: { kubeconfig } })
      refusals.push({ what, code: 'let in', detail: '' })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      refusals.push({ what, code: error.code, detail: error.message })
    }
  }
  mustGoRed(run, {
    name: 'kubeconfigs refused with the reason',
    rows: refusals,
    compare: (rows) => {
      const known = new Map(rows.map((row) => [row.what, row]))
      const wrong = bad.filter(([what, , code, reason]) => known.get(what)?.code !== code || !reason.test(known.get(what)?.detail ?? ''))
      const doubled = rows.length === new Set(rows.map((row) => row.what)).size ? [] : ['a case is there twice']
      return [...wrong.map(([what]) => `${what}: ${JSON.stringify(known.get(what))}`), ...doubled]
    },
    alter: (row) => ({ ...row, code: 'let in' }),
  })
  const byParts = await server.api
    .post('/api/v1/clusters', { name: 'bad', connect: { ...parts, server: parts.server.replace('https', 'http') } })
    .catch((error: Error) => error.message)
  run.check('a token for http is refused too', /PAN0501/.test(String(byParts)), String(byParts).slice(0, 120))
  run.check('no program that a kubeconfig named was run', !existsSync(canary))
  run.check('nothing of them was kept', (await server.api.get<{ clusters: unknown[] }>('/api/v1/clusters')).clusters.length === 0)
}

function otherAuthority(run: Run): string {
  const [key, cert] = [join(run.dir, 'other.key'), join(run.dir, 'other.crt')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=other', '-days', '1', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  return execFileSync('cat', [cert], { encoding: 'utf8' })
}

/** Pods that run and end: what the record says about them, against the API server's own answers. */
async function proveHistory(run: Run, server: Product, cluster: Cluster): Promise<void> {
  await cluster.must('POST', '/api/v1/nodes', { metadata: { name: 'node-1' } })
  const labels = { app: 'shop' }
  const template = { metadata: { labels }, spec: { nodeName: 'node-1', containers: [{ name: 'shop', image: 'registry.example/shop:1' }] } }
  const deployments = '/apis/apps/v1/namespaces/default/deployments'
  await cluster.must('POST', deployments, { metadata: { name: 'shop' }, spec: { replicas: 4, selector: { matchLabels: labels }, template } })
  const pods = await until('four pods run', 60, async () => {
    const { items } = await cluster.must('GET', '/api/v1/namespaces/default/pods')
    return items.length === 4 && items.every((p: { status: { podIP?: string } }) => p.status.podIP) && items
  })
  const ids = (pods as { status: { containerStatuses: { containerID: string }[] } }[]).map((pod) => pod.status.containerStatuses[0]!.containerID).sort()
  const seen = async (): Promise<{ containerId: string; state: string }[]> =>
    (
      await server.api.get<{ containers: { containerId: string; state: string }[] }>('/api/v1/containers', {
        cluster: 'vanilla',
        namespace: 'default',
        from: '-1h',
        to: 'now',
        limit: 1_000,
      })
    ).containers
  const differences = (rows: readonly { containerId: string }[]): string[] => {
    const had = rows.map((row) => row.containerId).sort()
    return had.join() === ids.join() ? [] : [`has ${had.join(' ')}, must have ${ids.join(' ')}`]
  }
  await until('the containers are in the record', 30, async () => (await seen()).length >= 4).catch(() => undefined)
  mustGoRed(run, {
    name: 'containers of the agentless cluster',
    rows: await seen(),
    compare: differences,
    alter: (row) => ({ ...row, containerId: 'containerd://other' }),
  })

  await cluster.must('PATCH', `${deployments}/shop`, { spec: { replicas: 0 } })
  await until('the pods are gone', 60, async () => (await cluster.must('GET', '/api/v1/namespaces/default/pods')).items.length === 0)
  await until('their ends are in the record', 30, async () => (await seen()).every((row) => row.state !== 'running')).catch(() => undefined)
  const ended = await seen()
  run.bar('containers that ended and are still told', ended.filter((row) => ids.includes(row.containerId)).length, '=', 4)
  run.bar('of them said to be running', ended.filter((row) => row.state === 'running').length, '=', 0)
}

/** The credential lies nowhere in the clear: not in the data folder, not in any answer, not in the log. */
async function proveSecrecy(run: Run, server: Product, token: string): Promise<void> {
  const found = (text: string): string[] => {
    try {
      return execFileSync('grep', ['-rlaF', text, server.data], { encoding: 'utf8' }).split('\n').filter(Boolean)
    } catch {
      return []
    }
  }
  run.check('the search finds what is there in the clear (the name of the cluster)', found('vanilla').length > 0)
  run.bar('files of the data folder that hold the token', found(token).length + found(Buffer.from(token).toString('base64').slice(0, 60)).length, '=', 0)
  const answers = await Promise.all(
    ['/api/v1/clusters', '/api/v1/clusters/vanilla', '/api/v1/audit', '/api/v1/controllers'].map((path) => server.api.get(path)),
  )
  run.bar('answers that hold it', answers.filter((answer) => JSON.stringify(answer).includes(token)).length, '=', 0)
  run.check('the log does not hold it', !server.process().output().includes(token))
  const arguments_ = execFileSync('ps', ['-A', 'ww', '-o', 'args='], { encoding: 'utf8' })
  run.check('no process has it in its arguments', arguments_.includes('--kubeconfig -') && !arguments_.includes(token))
}

/** After a restart of the server the cluster is watched again, by itself. */
async function proveRestart(run: Run, server: Product): Promise<void> {
  await server.process().stop('SIGTERM')
  await server.start()
  const contact = async (): Promise<number> => Date.parse(((await clusterOf(server, 'vanilla')) as unknown as { lastContactAt: string }).lastContactAt)
  const before = await contact()
  await until('the cluster is heard again', 60, async () => (await contact()) > before + 1_000)
  await untilCluster(server, 'vanilla', 'active', 30, ({ state }) => state === 'active')
  run.check('after a restart of the server it is active again, by itself', true)
  await server.api.del('/api/v1/clusters/vanilla')
  run.check('deleted, it is gone', (await server.api.get<{ clusters: unknown[] }>('/api/v1/clusters')).clusters.length === 0)
}
