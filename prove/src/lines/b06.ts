import { KubeChurn } from '../lab/kube-churn.ts'
import { type ApiObject, clusterName, lineOf, startKubeLab } from '../lab/kube-lab.ts'
import { until } from '../lab/wait.ts'
import { mustGoRed } from '../must-go-red.ts'
import { defineProof } from '../proof.ts'
import { differences } from '../witness/kube-history.ts'

const namespaces = Array.from({ length: 10 }, (_, i) => `team-${i}`)

interface Marker {
  version: number
  namespace: string
}

/** B.6: the state at any version is the API server's own list at that version. */
export const b06 = defineProof({
  line: 'B.6',
  title: 'the state asked at 1,000 markers written during churn equals the API server’s list at each',
  async run(run) {
    const markers = 1_000
    const perMarker = run.scaled(5, 20)
    // Lists at past versions are asked of etcd: it must not compact them away meanwhile.
    const lab = await startKubeLab(run, { nodes: 50, apiserverArgs: ['--etcd-compaction-interval=0'] })
    const { cluster, server } = lab
    for (const name of namespaces) await cluster.must('POST', '/api/v1/namespaces', { metadata: { name } })
    const churn = new KubeChurn(cluster, run.random.fork('churn'), {
      namespaces,
      nodes: Array.from({ length: 50 }, (_, i) => `node-${i}`),
      pods: run.scaled(600, 3_000),
    })
    await churn.churn(run.scaled(1_300, 6_500))
    const written: Marker[] = []
    const churning = churn.churn(markers * perMarker, () => written.length >= markers)
    while (written.length < markers) {
      const { metadata } = await cluster.must('POST', '/api/v1/namespaces/watching/configmaps', {
        metadata: { generateName: 'marker-' },
        data: { n: String(written.length) },
      })
      written.push({ version: Number(metadata.resourceVersion), namespace: run.random.pick(namespaces) })
      const due = (written.length * perMarker * 2) / 3
      while (churn.written.length < due && written.length < markers) await new Promise((done) => setTimeout(done, 5))
    }
    await churning
    run.figure('changes of pods', churn.written.length)
    const last = written.at(-1)!.version
    await until('the last marker is told', 120, async () => {
      const { clusters } = await server.api.get<{ clusters: { resourceVersion: number }[] }>('/api/v1/objects', { cluster: clusterName, kind: 'Pod', limit: 1 })
      const [oldest] = await lab
        .all<ApiObject>('/api/v1/objects', 'objects', { cluster: clusterName, kind: 'Pod', sort: 'version', order: 'desc', limit: 1 })
        .then((all) => all.slice(0, 1))
      return oldest !== undefined && clusters.some(({ resourceVersion }) => resourceVersion >= last)
    })

    const ms: number[] = []
    let red = 0
    const ask = async ({ version, namespace }: Marker, whole: boolean): Promise<[string[], string[]]> => {
      const exact = `resourceVersion=${version}&resourceVersionMatch=Exact`
      const { lines } = await lab.list(`/api/v1${whole ? '' : `/namespaces/${namespace}`}/pods?${exact}`)
      const began = performance.now()
      const { objects } = await server.api.get<{ objects: ApiObject[] }>('/api/v1/objects', {
        ...{ kind: 'Pod', cluster: clusterName, resourceVersion: version, limit: 10_000 },
        ...(whole ? {} : { namespace }),
      })
      ms.push(performance.now() - began)
      return [objects.map(lineOf).sort(), lines]
    }
    const [found, lines] = await ask(run.random.pick(written), true)
    mustGoRed(run, { name: 'state at a marker', rows: found, compare: (rows) => differences(rows, lines), alter: (line) => `${line}0` })
    for (const [i, marker] of written.entries()) {
      const [state, list] = await ask(marker, i % 50 === 0)
      const wrong = differences(state, list)
      if (wrong[0]) run.say(`     marker ${i} at version ${marker.version}: ${wrong.length} differences, as ${wrong[0]}`)
      red += wrong.length
    }
    ms.sort((a, b) => a - b)
    run.bar('differences at 1,000 markers', red, '=', 0)
    run.figure('ms per question, median', Math.round(ms[ms.length >> 1]!))
    run.bar('ms per question at most', Math.round(ms.at(-1)!), '<=', 1_000)
    const { bytes, batches } = await spooled(lab.controller.data)
    run.figure('bytes per change as sent (compressed, all streams)', batches === 0 ? 'none left in the spool' : Math.round(bytes / churn.written.length))
  },
})

/** What the spool has held: its files stay until they are full. */
async function spooled(data: string): Promise<{ bytes: number; batches: number }> {
  const { readdirSync, statSync } = await import('node:fs')
  let [bytes, batches] = [0, 0]
  for (const stream of ['objects', 'containers', 'ip_leases']) {
    for (const name of readdirSync(`${data}/spool/${stream}`)) {
      if (!name.endsWith('.seg')) continue
      bytes += statSync(`${data}/spool/${stream}/${name}`).size
      batches++
    }
  }
  return { bytes, batches }
}
