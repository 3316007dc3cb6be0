import { readFileSync } from 'node:fs'
import { KubeChurn } from '../lab/kube-churn.ts'
import { type ApiChange, type ApiTransition, clusterName, type KubeLab, startKubeLab } from '../lab/kube-lab.ts'
import { sleep, until } from '../lab/wait.ts'
import { mustGoRed } from '../must-go-red.ts'
import { defineProof, type Run } from '../proof.ts'
import { changeLine, differences, transitionLine, withoutMarks } from '../witness/kube-history.ts'
import { followPods } from '../witness/kube-watch.ts'

const namespaces = ['team-a', 'team-b', 'team-c', 'team-d', 'team-e']
const rolled = 'rolled'
/** What is compared with the API server's own lists at each pause. */
const kinds: [string, string][] = [
  ['Pod', '/api/v1/pods'],
  ['Node', '/api/v1/nodes'],
  ['Namespace', '/api/v1/namespaces'],
  ['Deployment', '/apis/apps/v1/deployments'],
  ['ReplicaSet', '/apis/apps/v1/replicasets'],
  ['ServiceAccount', '/api/v1/serviceaccounts'],
  ['ConfigMap', '/api/v1/configmaps'],
  ['ClusterRole', '/apis/rbac.authorization.k8s.io/v1/clusterroles'],
]

/** B.4: nothing that ever ran is missed, invented or told twice; at any pause the inventory is the API server's own list. */
export const b04 = defineProof({
  line: 'B.4',
  title: 'the inventory equals the cluster at 20 pauses, the history of containers equals the log of the writes',
  async run(run) {
    const changes = run.scaled(20_000, 200_000)
    const pauses = 20
    const lab = await startKubeLab(run, { nodes: 100 })
    const { cluster, controller } = lab
    for (const name of [...namespaces, rolled]) await cluster.must('POST', '/api/v1/namespaces', { metadata: { name } })
    const follower = await followPods(cluster, rolled)
    run.defer(() => void follower.stop())
    const churn = new KubeChurn(cluster, run.random.fork('churn'), {
      namespaces,
      nodes: Array.from({ length: 100 }, (_, i) => `node-${i}`),
      pods: 2_800,
    })
    const stopRolling = roll(run, lab)
    const began = Date.now()
    let red = 0
    let rss = 0
    const watchRss = setInterval(() => {
      rss = Math.max(rss, controller.process().rssMb())
    }, 500)
    run.defer(() => clearInterval(watchRss))
    for (let pause = 0; pause < pauses; pause++) {
      const share = (changes / pauses) * run.random.between(0.5, 1.5)
      const left = changes - churn.written.length
      await churn.churn(Math.max(1, Math.round(pause === pauses - 1 ? left : Math.min(share, left))))
      if (pause === 0) await shows(run, lab)
      const paused = Date.now()
      const wrong = await compareNow(lab)
      run.say(
        `     pause ${pause + 1} after ${churn.written.length} changes: ${wrong.length} differences after ${Date.now() - paused} ms${wrong[0] ? `, as ${wrong[0]}` : ''}`,
      )
      red += wrong.length
    }
    await stopRolling()
    const seconds = (Date.now() - began) / 1000
    run.figure('changes', churn.written.length)
    run.figure('changes per second, with the pauses', Math.round(churn.written.length / seconds))
    run.figure('pods at the end', churn.alive)
    run.figure('pods with an address that another had before', churn.leases.length - new Set(churn.leases.map((l) => l.ip)).size)
    run.bar('differences between inventory and lists at 20 pauses', red, '=', 0)

    await compareHistory(run, lab, churn)
    const rolledChanges = () => lab.all<ApiChange>('/api/v1/changes', 'changes', { from: lab.since, cluster: clusterName, kind: 'Pod', namespace: rolled })
    await until('the roll-outs are over', 300, async () => {
      const before = follower.lines.length
      await sleep(15_000)
      return follower.lines.length === before
    })
    const followed = follower.stop()
    await until('the roll-outs are told', 120, async () => (await rolledChanges()).length >= followed.length, 2_000)
    const told = (await rolledChanges()).map(changeLine)
    run.figure('changes of pods that Deployments rolled', followed.length)
    mustGoRed(run, { name: 'history of rolled pods', rows: told, compare: (rows) => differences(rows, followed), alter: (line) => `${line}0` })
    run.bar('reported gaps', (await lab.gaps()).length, '=', 0)
    await resources(run, lab, rss)
  },
})

/** Deployments that are rolled, scaled up and down by their own controllers, beside the churn. */
function roll(run: Run, { cluster }: KubeLab) {
  const random = run.random.fork('rolling')
  const path = `/apis/apps/v1/namespaces/${rolled}/deployments`
  const names = Array.from({ length: 8 }, (_, i) => `app-${i}`)
  let stopped = false
  const template = (name: string) => ({
    metadata: { labels: { app: name } },
    spec: { nodeName: `node-${random.int(100)}`, containers: [{ name: 'app', image: 'registry.example/app:1' }] },
  })
  const running = (async () => {
    for (const name of names)
      await cluster.must('POST', path, { metadata: { name }, spec: { replicas: 20, selector: { matchLabels: { app: name } }, template: template(name) } })
    while (!stopped) {
      const spec = random.int(2) === 0 ? { replicas: 10 + random.int(25) } : { template: { metadata: { annotations: { rolled: String(random.int(1e9)) } } } }
      await cluster.must('PATCH', `${path}/${random.pick(names)}`, { spec })
      await sleep(1_000)
    }
  })()
  return async () => {
    stopped = true
    await running
  }
}

/** The comparison of a pause sees what it should: without one object, with one twice, with another version. */
async function shows(run: Run, lab: KubeLab): Promise<void> {
  const { told, lines } = await until('the nodes are told', 60, async () => {
    // Listed each time: nodes report their state meanwhile.
    const { lines } = await lab.list('/api/v1/nodes')
    const told = await lab.state('Node')
    return differences(told, lines).length === 0 ? { told, lines } : undefined
  })
  mustGoRed(run, { name: 'inventory of nodes', rows: told, compare: (rows) => differences(rows, lines), alter: (line) => `${line}0` })
}

/**
 * Differences between the API server's lists and the record's state at the versions of these lists, once the record has heard of a ConfigMap that was
 * written behind them (at most a minute later).
 */
async function compareNow(lab: KubeLab): Promise<string[]> {
  const lists: { kind: string; lines: string[]; version: number }[] = []
  for (const [kind, path] of kinds) lists.push({ kind, ...(await lab.list(path)) })
  await lab.cluster.must('POST', '/api/v1/namespaces/watching/configmaps', { metadata: { generateName: 'pause-' } })
  const end = Date.now() + 60_000
  const wrong: string[] = []
  for (const { kind, lines, version } of lists) {
    for (;;) {
      const found = await lab.state(kind, { resourceVersion: version }).catch(() => undefined)
      const different = found ? differences(found, lines) : ['not told yet']
      if (different.length > 0 && Date.now() < end) {
        await sleep(200)
        continue
      }
      wrong.push(...different.map((line) => `${kind}: ${line}`))
      break
    }
  }
  return wrong
}

async function compareHistory(run: Run, lab: KubeLab, churn: KubeChurn): Promise<void> {
  const query = { from: lab.since, cluster: clusterName }
  const mine = new Set(namespaces)
  const changes = (await lab.all<ApiChange>('/api/v1/changes', 'changes', { ...query, kind: 'Pod' })).filter(({ namespace }) => mine.has(namespace))
  const written = churn.written.map(({ type, uid, version }) => `${type} ${uid} ${version}`)
  mustGoRed(run, {
    name: 'versions of pods',
    rows: withoutMarks(changes, churn),
    compare: (rows) => differences(rows.map(changeLine), written),
    alter: (change) => ({ ...change, resourceVersion: change.resourceVersion + 1 }),
  })
  const told = (await lab.all<ApiTransition & { namespace: string }>('/api/v1/containers/transitions', 'transitions', query)).filter(({ namespace }) =>
    mine.has(namespace),
  )
  run.figure('transitions of containers', told.length)
  mustGoRed(run, {
    name: 'transitions of containers',
    rows: told,
    compare: (rows) => differences(rows.map(transitionLine), churn.transitions),
    alter: (row) => ({ ...row, exitCode: (row.exitCode ?? 0) + 1 }),
  })
}

async function resources(run: Run, { controller }: KubeLab, rss: number): Promise<void> {
  const pid = controller.process().pid
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const [user, system] = rest.split(' ').slice(11, 13).map(Number) as [number, number]
  run.figure('controller CPU, seconds', (user + system) / 100)
  run.bar('controller RSS at most, MB', Math.round(rss), '<=', 256)
  const verbs = new Map<string, number>()
  const lists = new Map<string, number>()
  for (const line of readFileSync(`${run.dir}/audit.log`, 'utf8').split('\n')) {
    if (!line) continue
    const { verb, objectRef, requestURI, stage } = JSON.parse(line) as { verb: string; requestURI: string; stage: string; objectRef?: { resource?: string } }
    // A watch is counted when it begins, whatever else when it is over.
    if ((stage === 'ResponseStarted') !== (verb === 'watch')) continue
    verbs.set(verb, (verbs.get(verb) ?? 0) + 1)
    const whole = verb === 'list' || (verb === 'watch' && requestURI.includes('sendInitialEvents=true'))
    if (whole && objectRef?.resource && !requestURI.includes('limit=1')) lists.set(objectRef.resource, (lists.get(objectRef.resource) ?? 0) + 1)
  }
  run.figure(
    'requests of the controller by verb',
    [...verbs]
      .map(([verb, n]) => `${verb} ${n}`)
      .sort()
      .join(', '),
  )
  const metrics = controller.process().output()
  run.check(
    'the controller did not complain',
    !/"level":(50|60)/.test(metrics),
    metrics
      .split('\n')
      .find((line) => /"level":(50|60)/.test(line))
      ?.slice(0, 300) ?? 'no error in its log',
  )
  run.bar('whole lists of one kind at most, with no reconnect', Math.max(0, ...[...lists].filter(([kind]) => kind !== 'leases').map(([, n]) => n)), '<=', 1)
}
