import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cluster, startCluster } from '../kube.ts'
import type { Run } from '../proof.ts'
import type { Query } from './api.ts'
import { type Controller, type ControllerOptions, type Product, startController, startServer } from './product.ts'
import { until } from './wait.ts'

/** A version of an object as the product's API gives it. */
export interface ApiObject {
  kind: string
  group: string
  namespace: string
  name: string
  uid: string
  resourceVersion: number
}
export interface ApiChange extends ApiObject {
  event: 'added' | 'modified' | 'deleted' | 'known'
  how: string
  seenAt: string
}
export interface ApiTransition {
  event: string
  how: string
  podUid: string
  container: string
  containerId: string
  unseen: number
  exitCode: number | null
  resourceVersion: number
}
export interface ApiGap {
  from: string
  to: string
  kind: string
  detail: string
}

export interface KubeLab {
  cluster: Cluster
  server: Product
  controller: Controller
  /** When it began: everything it holds is younger. */
  since: string
  /** All pages of a list. */
  all<Row>(path: string, key: string, query?: Query): Promise<Row[]>
  /** What the record says there is now, as `uid version`. */
  state(kind: string, query?: Query): Promise<string[]>
  /** What the API server says there is now. */
  list(path: string): Promise<{ lines: string[]; version: number }>
  /** Holes that were reported. */
  gaps(): Promise<ApiGap[]>
}

export interface KubeLabOptions {
  nodes: number
  /** Where the controller finds the server, given its address; the server itself unless told otherwise. */
  serverUrl?: (server: Product) => Promise<string>
  /** Where it finds the API server, given its address. */
  kubeUrl?: (url: string) => Promise<string>
  apiserverArgs?: string[]
  args?: string[]
  /** The account may read Secrets too. */
  secrets?: boolean
}

export const clusterName = 'churned'

/** A control plane with kwok, a server, and a controller that watches with a service account of its own. */
export async function startKubeLab(run: Run, options: KubeLabOptions): Promise<KubeLab> {
  const since = new Date(Date.now() - 60_000).toISOString()
  const policy = join(run.dir, 'audit-policy.yaml')
  writeFileSync(
    policy,
    JSON.stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [{ level: 'Metadata', users: [account] }, { level: 'None' }],
    }),
  )
  const [cluster, server] = await Promise.all([
    startCluster({
      kwok: true,
      kcm: true,
      apiserverArgs: ['--audit-policy-file', policy, '--audit-log-path', join(run.dir, 'audit.log'), ...(options.apiserverArgs ?? [])],
    }),
    startServer(run),
  ])
  run.defer(() => cluster.stop())
  await Promise.all(Array.from({ length: options.nodes }, (_, i) => cluster.must('POST', '/api/v1/nodes', { metadata: { name: `node-${i}` } })))
  const kubeconfig = await watcher(run, cluster, options)
  const settings: ControllerOptions = {
    name: clusterName,
    args: ['--kubeconfig', kubeconfig, ...(options.args ?? [])],
    ...(options.serverUrl ? { via: await options.serverUrl(server) } : {}),
  }
  const controller = await startController(run, server, settings)

  async function all<Row>(path: string, key: string, query: Query = {}): Promise<Row[]> {
    const rows: Row[] = []
    let cursor: string | undefined
    do {
      const answer: Record<string, unknown> = await server.api.get(path, { limit: 10_000, ...query, cursor })
      rows.push(...(answer[key] as Row[]))
      cursor = (answer.next as string | null) ?? undefined
    } while (cursor)
    return rows
  }
  const lab: KubeLab = {
    ...{ cluster, server, controller, since, all },
    state: async (kind, query) => (await all<ApiObject>('/api/v1/objects', 'objects', { kind, cluster: clusterName, ...query })).map(lineOf).sort(),
    async list(path) {
      const { items, metadata } = await cluster.must('GET', path)
      return { lines: items.map((item: Raw) => `${item.metadata.uid} ${item.metadata.resourceVersion}`).sort(), version: Number(metadata.resourceVersion) }
    },
    gaps: async () => (await server.api.get<{ gaps: ApiGap[] }>('/api/v1/changes', { from: since, limit: 1, cluster: clusterName })).gaps,
  }
  await until('the first lists are told', 90, async () => {
    const { clusters } = await server.api.get<{ clusters: { cluster: string; wholeSince: string | null }[] }>('/api/v1/objects', { kind: 'Pod,Node', limit: 1 })
    return clusters.some(({ wholeSince }) => wholeSince !== null)
  })
  return lab
}

interface Raw {
  metadata: { uid: string; resourceVersion: string }
}
export const lineOf = ({ uid, resourceVersion }: { uid: string; resourceVersion: number }) => `${uid} ${resourceVersion}`

const account = 'system:serviceaccount:watching:controller'

/** A kubeconfig of a service account that may look at everything but Secrets. */
async function watcher(run: Run, cluster: Cluster, { kubeUrl = async (url) => url, secrets = false }: KubeLabOptions): Promise<string> {
  await cluster.must('POST', '/api/v1/namespaces', { metadata: { name: 'watching' } })
  await cluster.call('POST', '/api/v1/namespaces/watching/serviceaccounts', { metadata: { name: 'controller' } })
  const rules = [
    {
      apiGroups: [''],
      resources: [
        'pods',
        'nodes',
        'namespaces',
        'services',
        'serviceaccounts',
        'configmaps',
        'events',
        'resourcequotas',
        'limitranges',
        'persistentvolumeclaims',
        'replicationcontrollers',
        ...(secrets ? ['secrets'] : []),
      ],
      verbs: ['get', 'list', 'watch'],
    },
    ...['apps', 'batch', 'autoscaling', 'policy', 'discovery.k8s.io', 'networking.k8s.io', 'rbac.authorization.k8s.io'].map((group) => ({
      apiGroups: [group],
      resources: ['*'],
      verbs: ['get', 'list', 'watch'],
    })),
  ]
  await cluster.must('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', { metadata: { name: 'watching' }, rules })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'watching' }
  const subjects = [{ kind: 'ServiceAccount', name: 'controller', namespace: 'watching' }]
  await cluster.must('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { metadata: { name: 'watching' }, roleRef, subjects })
  const request = await cluster.must('POST', '/api/v1/namespaces/watching/serviceaccounts/controller/token', { spec: { expirationSeconds: 7_200 } })
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    clusters: [{ name: 'c', cluster: { server: await kubeUrl(cluster.url), 'certificate-authority-data': Buffer.from(cluster.ca).toString('base64') } }],
    users: [{ name: 'c', user: { token: request.status.token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
  }
  const file = join(run.dir, 'watcher.kubeconfig')
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  return file
}
