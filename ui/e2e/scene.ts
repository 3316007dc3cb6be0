import type { APIRequestContext } from 'playwright-core'
import type { Cluster } from '../../scripts/kube/cluster.ts'

const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const now = () => new Date().toISOString().replace(/\.\d+/, '')

/** Connects a cluster by its kubeconfig alone, and waits until all of it is told. */
export async function connect(request: APIRequestContext, name: string, cluster: Cluster, kubeconfig: string): Promise<void> {
  const answer = await request.post('/api/v1/clusters', { data: { name, environment: 'staging', labels: { team: 'shop' }, connect: { kubeconfig } } })
  if (!answer.ok()) throw new Error(`${name} at ${cluster.url}: ${answer.status()} ${await answer.text()}`)
  await until(`${name} is told whole`, async () => {
    const { clusters } = await get<{ clusters: { wholeSince: string | null }[] }>(request, `/api/v1/objects?kind=Pod,Node&cluster=${name}&limit=1`)
    return clusters.some(({ wholeSince }) => wholeSince !== null)
  })
}

/** What the API answers. */
export async function get<Answer>(request: APIRequestContext, path: string): Promise<Answer> {
  const answer = await request.get(path)
  if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`)
  return (await answer.json()) as Answer
}

/** Waits for something that a cluster or the record comes to by itself. */
export async function until(what: string, passes: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 360; tries++) {
    if (await passes()) return
    await new Promise((done) => setTimeout(done, 500))
  }
  throw new Error(`${what}: not within three minutes`)
}

/** A small shop in a real cluster: nodes, namespaces, Deployments that run, and a worker whose kubelet a test plays. */
export class Shop {
  readonly cluster: Cluster
  private uid = ''

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  async open(): Promise<void> {
    const { cluster } = this
    for (const [i, zone] of ['a', 'b', 'c'].entries()) {
      await cluster.must('POST', '/api/v1/nodes', { metadata: { name: `node-${i + 1}`, labels: { 'topology.kubernetes.io/zone': `eu-1${zone}` } } })
    }
    for (const name of ['shop', 'bank']) await cluster.must('POST', '/api/v1/namespaces', { metadata: { name, labels: { team: name } } })
    await this.deploy('shop', 'frontend', 'node-1', 2)
    await this.deploy('shop', 'checkout', 'node-2', 2)
    await this.deploy('bank', 'payments', 'node-2', 2)
    await this.deploy('bank', 'ledger', 'node-3', 1)
    const backend = { service: { name: 'frontend', port: { number: 80 } } }
    await cluster.must('POST', '/apis/networking.k8s.io/v1/namespaces/shop/ingresses', {
      metadata: { name: 'shop' },
      spec: { rules: [{ host: 'shop.example', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
    })
  }

  private async deploy(namespace: string, name: string, nodeName: string, replicas: number): Promise<void> {
    const labels = { app: name }
    const containers = [
      { name, image: `registry.example/${namespace}/${name}:1.4`, ports: [{ containerPort: 8080 }] },
      { name: 'istio-proxy', image: 'registry.example/istio/proxyv2:1.31' },
    ]
    await this.cluster.must('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
      metadata: { name, labels },
      spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { nodeName, containers } } },
    })
    await this.cluster.must('POST', `/api/v1/namespaces/${namespace}/services`, {
      metadata: { name },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    })
  }

  /** A pod whose container starts, is killed for its memory, starts again, and then crashes more often than anybody sees. */
  async work(): Promise<void> {
    const path = '/api/v1/namespaces/bank/pods'
    const spec = { nodeName: 'node-3', containers: [{ name: 'worker', image: 'registry.example/bank/worker:2.0' }] }
    const { metadata } = await this.cluster.must('POST', path, { metadata: { name: 'worker-0', annotations: { kubelet: 'test' } }, spec })
    this.uid = metadata.uid
    await this.tell(0, { running: { startedAt: now() } })
  }

  /** The worker's kubelet says how it stands. */
  async tell(restarts: number, state: object, last?: object): Promise<void> {
    const id = `containerd://${this.uid}-${restarts}`
    const status = {
      ...{ name: 'worker', image: 'registry.example/bank/worker:2.0', imageID: `registry.example/bank/worker@${digest('d')}`, containerID: id },
      ...{ restartCount: restarts, ready: 'running' in state, state, ...(last ? { lastState: last } : {}) },
    }
    await this.cluster.must('PATCH', '/api/v1/namespaces/bank/pods/worker-0/status', {
      status: { phase: 'Running', podIP: '10.200.9.9', podIPs: [{ ip: '10.200.9.9' }], containerStatuses: [status] },
    })
  }

  /** The worker dies of its memory, and is said to wait for another try. */
  async kill(startedAt: string): Promise<void> {
    const containerID = `containerd://${this.uid}-0`
    await this.tell(0, { terminated: { exitCode: 137, reason: 'OOMKilled', startedAt, finishedAt: now(), containerID } })
    await this.cluster.must('POST', '/api/v1/namespaces/bank/events', {
      metadata: { name: 'worker-0.backoff' },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'bank', name: 'worker-0', uid: this.uid },
      ...{ reason: 'BackOff', message: 'Back-off restarting failed container worker', type: 'Warning', count: 3, source: { component: 'kubelet' } },
      ...{ firstTimestamp: now(), lastTimestamp: now() },
    })
  }

  /** Its fifth life runs; of three before nobody has told. */
  async revive(): Promise<void> {
    await this.tell(4, { running: { startedAt: now() } })
  }

  /** A new version of checkout, more of frontend, no ledger any more. */
  async change(): Promise<void> {
    const patch = (path: string, body: object) => this.cluster.must('PATCH', `/apis/apps/v1/namespaces/${path}`, body)
    await patch('shop/deployments/frontend', { spec: { replicas: 3 } })
    const { spec } = await this.cluster.must('GET', '/apis/apps/v1/namespaces/shop/deployments/checkout')
    const [app, proxy] = spec.template.spec.containers
    await patch('shop/deployments/checkout', { spec: { template: { spec: { containers: [{ ...app, image: 'registry.example/shop/checkout:1.5' }, proxy] } } } })
    await this.cluster.must('DELETE', '/apis/apps/v1/namespaces/bank/deployments/ledger', { propagationPolicy: 'Background' })
  }
}
