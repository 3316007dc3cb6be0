import { type CutLink, cutLink } from '../lab/cut-link.ts'
import { KubeChurn } from '../lab/kube-churn.ts'
import { type ApiChange, type ApiGap, type ApiObject, type ApiTransition, clusterName, type KubeLab, lineOf, startKubeLab } from '../lab/kube-lab.ts'
import { sleep, until } from '../lab/wait.ts'
import { mustGoRed } from '../must-go-red.ts'
import { defineProof, type Run } from '../proof.ts'
import { changeLine, differences, transitionLine, withoutMarks } from '../witness/kube-history.ts'

const namespaces = ['chaos-a', 'chaos-b']

/** B.5: what a watch can resume is whole; what it cannot is inside a gap that is reported with its interval. */
export const b05 = defineProof({
  line: 'B.5',
  title: 'connections cut and stalled, 410s, API server killed, a slow link, 20 kills of the controller: all is told, or inside a reported gap',
  async run(run) {
    let kube!: CutLink
    let link!: CutLink
    const lab = await startKubeLab(run, {
      nodes: 10,
      kubeUrl: async (url) => {
        kube = await cutLink(run, Number(new URL(url).port))
        return `https://127.0.0.1:${kube.port}`
      },
      serverUrl: async (server) => {
        link = await cutLink(run, server.port)
        return `http://127.0.0.1:${link.port}`
      },
    })
    const { cluster, controller } = lab
    for (const name of namespaces) await cluster.must('POST', '/api/v1/namespaces', { metadata: { name } })
    const churn = new KubeChurn(cluster, run.random.fork('churn'), {
      namespaces,
      nodes: Array.from({ length: 10 }, (_, i) => `node-${i}`),
      pods: 120,
      workers: 6,
    })
    const some = run.scaled(60, 600)
    await churn.churn(300)
    await same(lab)
    const back: number[] = []
    const recovered = async () => {
      const began = Date.now()
      await heard(lab)
      back.push(Date.now() - began)
    }

    run.say('connections to the API server are cut')
    for (let i = 0; i < 5; i++) {
      const churning = churn.churn(some)
      kube.cut()
      await recovered()
      await churning
    }
    await compare(run, lab, churn, 'after cuts', [])

    run.say('the link to the server is slow, then cut')
    link.delay(200)
    await churn.churn(some)
    link.delay(0)
    link.cut()
    await churn.churn(some)

    run.say('the controller is killed 20 times')
    for (let i = 0; i < 20; i++) {
      const churning = churn.churn(Math.ceil(some / 3))
      await sleep(run.random.between(50, 1_500))
      await controller.process().stop('SIGKILL')
      await controller.start()
      await churning
    }
    await same(lab)
    await compare(run, lab, churn, 'after 20 kills', [])

    run.say('the API server is killed')
    await cluster.kill('kube-apiserver')
    await cluster.restart('kube-apiserver')
    await recovered()
    await churn.churn(some)
    await same(lab)

    run.say('a socket stalls')
    kube.silence(true)
    await churn.churn(some)
    await sleep(3_000)
    kube.silence(false)
    kube.cut()
    await recovered()
    await compare(run, lab, churn, 'after a kill of the API server and a stall', await lab.gaps())

    run.say('old versions are compacted away while the controller is gone: 410')
    await controller.process().stop('SIGKILL')
    await churn.churn(some * 2)
    await cluster.compact()
    await cluster.kill('kube-apiserver')
    await cluster.restart('kube-apiserver')
    await churn.churn(some)
    await controller.start()
    await same(lab)
    await churn.churn(some)
    await same(lab)
    const gaps = await lab.gaps()
    run.bar('gaps reported for pods', gaps.filter((gap) => gap.kind === 'pods').length, '>=', 1)
    await compare(run, lab, churn, 'in the end', gaps)
    run.bar('ms until a change is told again after a fault, at most', Math.max(...back), '<=', 5_000)
    run.figure('changes', churn.written.length)
  },
})

/** Waits until a change that is made now is in the record. */
async function heard({ cluster, server }: KubeLab): Promise<void> {
  const { metadata } = await cluster.must('POST', '/api/v1/namespaces/watching/configmaps', { metadata: { generateName: 'heard-' } })
  await until('a new change is told', 60, async () => {
    const { objects } = await server.api.get<{ objects: ApiObject[] }>('/api/v1/objects', {
      kind: 'ConfigMap',
      cluster: clusterName,
      namespace: 'watching',
      text: metadata.name,
    })
    return objects.length === 1
  })
}

/** Waits until the record's pods are the API server's. */
async function same(lab: KubeLab): Promise<void> {
  await until('the record’s pods equal the list', 90, async () => {
    const found = (await lab.all<ApiObject>('/api/v1/objects', 'objects', { kind: 'Pod', cluster: clusterName })).map(lineOf).sort()
    return differences(found, (await lab.list('/api/v1/pods')).lines).length === 0
  })
}

/** History equals the log of the writes; what is missing lies, by its version, within a reported gap. What a list showed is marked so and has to be true. */
async function compare(run: Run, lab: KubeLab, churn: KubeChurn, when: string, gaps: readonly ApiGap[]): Promise<void> {
  await same(lab)
  const query = { from: lab.since, cluster: clusterName }
  const changes = (await lab.all<ApiChange>('/api/v1/changes', 'changes', { ...query, kind: 'Pod' })).filter(({ namespace }) => namespaces.includes(namespace))
  const spans = gaps
    .filter((gap) => gap.kind === 'pods')
    .map(({ detail }) => /version (\d+) up to (\d+)/.exec(detail)!.slice(1).map(Number) as [number, number])
  const inGap = (version: number) => spans.some(([from, to]) => version > from && version <= to)
  const written = churn.written.filter(({ version }) => !inGap(version)).map(({ type, uid, version }) => `${type} ${uid} ${version}`)
  const states = new Set(churn.written.map(({ uid, version }) => `${uid} ${version}`))
  mustGoRed(run, {
    name: `versions of pods ${when}`,
    rows: withoutMarks(changes, churn),
    compare: (rows) => {
      const watched = rows.filter((row) => row.how !== 'relisted' && !inGap(row.resourceVersion))
      const listed = rows.filter((row) => row.how === 'relisted')
      const untrue = listed.filter((row) => (row.event === 'deleted' ? !churn.deleted.has(row.uid) : !states.has(lineOf(row))))
      const outside = listed.filter((row) => !inGap(row.resourceVersion))
      return [
        ...differences(watched.map(changeLine), written),
        ...untrue.map((row) => `invented by a list: ${changeLine(row)}`),
        ...outside.map((row) => `told by a list outside of a gap: ${changeLine(row)}`),
        ...repeated(rows.map(changeLine)).map((line) => `double: ${line}`),
      ]
    },
    alter: (row) => ({ ...row, how: 'watched', resourceVersion: row.resourceVersion + 1 }),
    // What a list tells of a gap is more than it must.
    needed: (row) => row.how !== 'relisted' && !inGap(row.resourceVersion),
  })
  const transitions = (await lab.all<ApiTransition & { namespace: string }>('/api/v1/containers/transitions', 'transitions', query)).filter(({ namespace }) =>
    namespaces.includes(namespace),
  )
  const expected = churn.transitions.filter((line) => !inGap(Number(line.split(' ').at(-1))))
  const touched = new Set(churn.written.filter(({ version }) => inGap(version)).map(({ uid }) => uid))
  // A pod that changed within a gap is told from its last state on: the rest of its story is compared by its parts that a list cannot change.
  const whole = (line: string) => !touched.has(/([0-9a-f-]{36})\//.exec(line)![1]!)
  mustGoRed(run, {
    name: `transitions of containers ${when}`,
    rows: transitions.filter(({ podUid }) => !touched.has(podUid)),
    compare: (rows) => differences(rows.map(transitionLine), expected.filter(whole)),
    alter: (row) => ({ ...row, exitCode: (row.exitCode ?? 0) + 1 }),
  })
  run.figure(`pods that changed within a gap, ${when}`, touched.size)
}

function repeated(lines: readonly string[]): string[] {
  const seen = new Set<string>()
  return lines.filter((line) => seen.has(line) || !seen.add(line))
}
