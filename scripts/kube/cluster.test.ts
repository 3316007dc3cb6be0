import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Cluster, noKube, startCluster, startTimeoutMs } from './cluster.ts'

const absent = noKube()
if (absent) console.warn(`SKIPPED: two control planes side by side: ${absent}`)

vi.setConfig({ testTimeout: 180_000 })

async function until<T>(what: () => Promise<T | undefined | false>): Promise<T> {
  for (let i = 0; i < 300; i++) {
    const got = await what()
    if (got) return got
    await sleep(100)
  }
  throw new Error('waited 30 s in vain')
}

describe.skipIf(absent !== undefined)('two control planes side by side', () => {
  let east: Cluster
  let west: Cluster
  beforeAll(async () => {
    const began = Date.now()
    ;[east, west] = await Promise.all([startCluster({ kcm: true, kwok: true }), startCluster()])
    const used = [east, west].map((c) => c.part('kube-apiserver').usage()?.cpuSeconds.toFixed(1))
    console.log(`two clusters ready in ${((Date.now() - began) / 1000).toFixed(1)} s (API servers: ${used.join(' and ')} CPU-seconds)`)
  }, startTimeoutMs)
  afterAll(() => Promise.all([east?.stop(), west?.stop()]))

  it('runs a Deployment to pods with addresses, container ids and digests', async () => {
    await east.must('POST', '/api/v1/nodes', { metadata: { name: 'node-1' } })
    await east.must('POST', '/api/v1/namespaces', { metadata: { name: 'shop' } })
    const template = { metadata: { labels: { app: 'cart' } }, spec: { nodeName: 'node-1', containers: [{ name: 'cart', image: 'registry.example/cart:1' }] } }
    const deployment = { metadata: { name: 'cart' }, spec: { replicas: 3, selector: { matchLabels: { app: 'cart' } }, template } }
    await east.must('POST', '/apis/apps/v1/namespaces/shop/deployments', deployment)
    const pods = await until(async () => {
      const { items } = await east.must('GET', '/api/v1/namespaces/shop/pods')
      return items.length === 3 && items.every((p: { status: { podIP?: string } }) => p.status.podIP) && items
    })
    const [status] = pods[0].status.containerStatuses
    expect(status.containerID).toMatch(/^containerd:\/\/[0-9a-f]{64}$/)
    expect(status.imageID).toMatch(/^registry\.example\/cart@sha256:[0-9a-f]{64}$/)
    expect(new Set(pods.map((p: { status: { podIP: string } }) => p.status.podIP)).size).toBe(3)
    expect((await west.call('GET', '/api/v1/namespaces/shop')).status).toBe(404)
  })

  it('keeps its data through kill -9 of the API server and of etcd, and forgets old revisions when told', async () => {
    const made = await west.must('POST', '/api/v1/namespaces', { metadata: { name: 'kept' } })
    await west.kill('kube-apiserver')
    await expect(west.call('GET', '/readyz')).rejects.toThrow()
    await west.restart('kube-apiserver')
    await west.kill('etcd')
    await west.restart('etcd')
    expect((await west.must('GET', '/api/v1/namespaces/kept')).metadata.uid).toBe(made.metadata.uid)
    await west.must('DELETE', '/api/v1/namespaces/kept')
    await west.compact()
    // The API server keeps what it has seen itself; only a new one has to ask etcd.
    await west.kill('kube-apiserver')
    await west.restart('kube-apiserver')
    expect((await west.requests()).get('POST namespaces')).toBeUndefined() // counted since its start
    const watch = `/api/v1/namespaces?watch=true&timeoutSeconds=5&resourceVersion=${made.metadata.resourceVersion}`
    const { body } = await west.call('GET', watch)
    expect(body.code ?? body.object?.code).toBe(410)
  })
})
