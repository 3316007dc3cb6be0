import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cluster, ensureKube, startCluster } from '../kube.ts'
import { startProcess } from '../lab/process.ts'
import { root } from '../lab/product.ts'
import { until } from '../lab/wait.ts'
import { defineProof, type Run } from '../proof.ts'

const parts = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const

export const b01 = defineProof({
  line: 'B.1',
  title: 'the real control plane: found or built once, two clusters started side by side',
  async run(run) {
    const bin = await ensureKube((line) => run.say(`     ${line}`))
    const built = run.scale === 'full' ? await buildCold(run) : (JSON.parse(readFileSync(join(bin, 'build.json'), 'utf8')) as Build)
    run.figure('built with', built.go)
    run.figure('build, wall seconds at the lowest priority', built.wallSeconds)

    const began = Date.now()
    const [east, west] = (await Promise.all([startCluster({ bin, kcm: true }), startCluster({ bin, kcm: true })])) as [Cluster, Cluster]
    run.defer(async () => void (await Promise.all([east.stop(), west.stop()])))
    await Promise.all([east, west].map((cluster) => runsPods(cluster)))
    const warm = (Date.now() - began) / 1000
    const cpu = [east, west].flatMap((cluster) => parts.map((part) => cluster.part(part).usage()?.cpuSeconds ?? 0)).reduce((sum, one) => sum + one, 0)
    run.figure('starting two, CPU-seconds', Math.round(cpu * 10) / 10)
    run.bar('starting two until each runs a Deployment, seconds', Math.round(warm * 10) / 10, '<=', 60)
    run.bar('obtaining (cold) and starting, CPU-seconds', Math.round(built.cpuSeconds + cpu), '<=', 1_300)

    const uids = await Promise.all([east, west].map(async (cluster) => (await cluster.must('GET', '/api/v1/namespaces/kube-system')).metadata.uid as string))
    run.check('they are two clusters', new Set(uids).size === 2, uids.join(' '))
    await east.must('POST', '/api/v1/namespaces', { metadata: { name: 'only-here' } })
    run.check('what is in one is not in the other', (await west.call('GET', '/api/v1/namespaces/only-here')).status === 404)
    const { gitVersion } = await east.must('GET', '/version')
    run.check('it is Kubernetes 1.36', /^v1\.36\./.test(gitVersion), gitVersion)
  },
})

interface Build {
  go: string
  cpuSeconds: number
  wallSeconds: number
}

/** Builds into an empty cache, with an empty cache of Go's own: what a fresh machine pays, downloads left aside. */
async function buildCold(run: Run): Promise<Build> {
  const env = { PANOPTES_KUBE_CACHE: join(run.dir, 'kube'), GOCACHE: join(run.dir, 'go') }
  const build = startProcess(run, 'build', process.execPath, [join(root, 'scripts/kube/build.mjs')], { env })
  if ((await build.ended()) !== 0) throw new Error(`the build failed: ${build.output().slice(-2_000)}`)
  return JSON.parse(readFileSync(join(build.stdout().trim(), 'build.json'), 'utf8')) as Build
}

/** A control plane works when a Deployment comes to pods. */
async function runsPods(cluster: Cluster): Promise<void> {
  const labels = { app: 'cart' }
  const spec = { containers: [{ name: 'cart', image: 'registry.example/cart:1' }] }
  await until(
    'the default ServiceAccount is there',
    30,
    async () => (await cluster.call('GET', '/api/v1/namespaces/default/serviceaccounts/default')).status === 200,
  )
  await cluster.must('POST', '/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'cart' },
    spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  })
  await until('its pods are there', 30, async () => (await cluster.must('GET', '/api/v1/namespaces/default/pods')).items.length === 2)
}
