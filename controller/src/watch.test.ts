import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownersAt, type PanoptesError } from '@panoptes/contract'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Cluster, noKube, startCluster, startTimeoutMs } from '../../scripts/kube/cluster.ts'
import { Link } from '../../scripts/kube/link.ts'
import { type Change, changeLine, PodChurn } from '../../scripts/kube/pod-churn.ts'
import {
  type ChangeEvent,
  type ContainerTransition,
  foldLeases,
  foldPod,
  type GapEvent,
  type IpLease,
  type KindWatch,
  kubeClient,
  type PickedPod,
  type PodLives,
  parseKubeconfig,
  pickMeta,
  pickPod,
  type WatchEvent,
  watchKind,
  watchMetrics,
} from './watch/index.ts'
import { isNewer } from './watch/object.ts'

const absent = noKube()
if (absent) console.warn(`SKIPPED: the watch against a real API server: ${absent}`)

/** A busy machine takes its time; nothing here is about speed. */
vi.setConfig({ testTimeout: 300_000 })

async function until(what: () => boolean | Promise<boolean>, why: string): Promise<void> {
  for (let i = 0; i < 2_400; i++) {
    if (await what()) return
    await sleep(50)
  }
  throw new Error(`waited in vain: ${why}`)
}

/** A watch of a namespace's pods through a link, and everything it told. */
class Watched {
  readonly events: WatchEvent<PickedPod>[] = []
  readonly transitions: ContainerTransition[] = []
  readonly leases: IpLease[] = []
  private readonly lives = new Map<string, PodLives>()
  private readonly open = new Map<string, IpLease[]>()
  private readonly stopping = new AbortController()
  watch!: KindWatch<PickedPod>
  link!: Link
  private client!: ReturnType<typeof kubeClient>
  private readonly cluster: Cluster
  private readonly namespace: string

  constructor(cluster: Cluster, namespace: string) {
    this.cluster = cluster
    this.namespace = namespace
  }

  async start({ pageSize = 500, after }: { pageSize?: number; after?: Watched } = {}): Promise<this> {
    this.link = new Link(Number(new URL(this.cluster.url).port))
    const access = parseKubeconfig(readFileSync(this.cluster.kubeconfig, 'utf8'))
    this.client = kubeClient({ ...access, server: `https://127.0.0.1:${await this.link.listen()}` })
    this.watch = watchKind({
      client: this.client,
      path: `/api/v1/namespaces/${this.namespace}/pods`,
      pick: pickPod,
      stallMs: 3_000,
      pageSize,
      ...(after ? { resumeFrom: after.state } : {}),
      signal: this.stopping.signal,
      onEvent: (event) => {
        this.events.push(event)
        if (event.type !== 'synced' && event.type !== 'gap') this.fold(event)
      },
    })
    await until(() => this.watch.status().resourceVersion !== undefined, 'the first list')
    return this
  }

  private fold(event: ChangeEvent<PickedPod>): void {
    const { state, transitions } = foldPod(this.lives.get(event.object.uid), event)
    if (state) this.lives.set(event.object.uid, state)
    else this.lives.delete(event.object.uid)
    this.transitions.push(...transitions)
    const leased = foldLeases(this.open.get(event.object.uid) ?? [], event)
    this.open.set(event.object.uid, leased.open)
    this.leases.push(...leased.changes.flatMap(({ type, lease }) => (type === 'released' ? [lease] : [])))
  }

  get changes(): ChangeEvent<PickedPod>[] {
    return this.events.filter((e): e is ChangeEvent<PickedPod> => e.type !== 'synced' && e.type !== 'gap')
  }

  /** Without the API server's own write before it deletes a pod: that one marks it (`marked`), and no answer tells its version. */
  get history(): string[] {
    return this.changes
      .filter((c) => c.type !== 'modified' || !c.object.deletedAt)
      .map((c) => changeLine(asChange(c)))
      .sort()
  }

  get marked(): string[] {
    return this.changes.flatMap((c) => (c.type === 'modified' && c.object.deletedAt ? [c.object.uid] : [])).sort()
  }

  get gaps(): GapEvent[] {
    return this.events.filter((e): e is GapEvent => e.type === 'gap')
  }

  /** What is known now, as the API server's own list would say it. */
  view(): string[] {
    return [...this.watch.objects()].map((p) => `${p.uid} ${p.resourceVersion}`).sort()
  }

  /** What a controller would have kept of this watch. */
  get state() {
    const { resourceVersion, confirmedAt } = this.watch.status()
    return { resourceVersion: resourceVersion!, at: confirmedAt!, objects: [...this.watch.objects()] }
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await this.watch.done
    this.client.close()
    this.link.close()
  }
}

const same = (a: string[], b: string[]) => a.length === b.length && a.every((line, i) => line === b[i])
const asChange = ({ type, object, resourceVersion }: ChangeEvent<PickedPod>): Change => ({ type, uid: object.uid, resourceVersion })
const told = (t: ContainerTransition) =>
  t.type === 'unseen' ? `unseen ${t.podUid} ${t.count}` : `${t.type} ${t.life.containerId}${t.type === 'ended' ? ` ${t.life.exitCode}` : ''}`

describe.skipIf(absent !== undefined)('the watch against a real API server', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ kwok: true })
    for (const name of ['exact', 'chaos', 'again', 'churn']) await cluster.must('POST', '/api/v1/namespaces', { metadata: { name } })
  }, startTimeoutMs)
  afterAll(() => cluster?.stop())

  it('tells each change once and in order, and each life of a container', async () => {
    const watched = await new Watched(cluster, 'exact').start()
    const generator = new PodChurn(cluster, 'exact')
    const began = Date.now()
    await generator.churn(1_000)
    await until(async () => same(watched.view(), await generator.list()), 'the view to equal the list')
    const seconds = (Date.now() - began) / 1_000
    expect(watched.history).toEqual(generator.history)
    expect(watched.marked).toEqual(generator.deleted)
    expect(watched.transitions.map(told).sort()).toEqual(generator.lives.sort())
    expect(watched.gaps).toEqual([])
    expect(watched.watch.status()).toMatchObject({ state: 'watching', lists: 1, connects: 1 })
    expect(JSON.stringify([...watched.watch.objects()])).not.toContain('canary')
    console.log(
      `${generator.log.length} changes told in ${seconds.toFixed(1)} s: ${Math.round(generator.log.length / seconds)}/s (as fast as they were written)`,
    )
    await watched.stop()
  })

  it('resumes what was cut or stalled, and names by a gap what it could not see', async () => {
    const watched = await new Watched(cluster, 'chaos').start()
    const generator = new PodChurn(cluster, 'chaos')
    const { link, watch } = watched
    const caughtUp = () => until(async () => same(watched.view(), await generator.list()), 'the view to equal the list')

    for (let i = 0; i < 5; i++) {
      const { connects } = watch.status()
      const churning = generator.churn(60)
      link.cut()
      await until(() => watch.status().connects > connects, 'a new connection')
      await churning
    }
    link.stall(true)
    await generator.churn(60)
    await sleep(3_500) // past stallMs: the connection is given up
    link.stall(false)
    await caughtUp()
    expect(watched.history).toEqual(generator.history)
    expect(watched.gaps).toEqual([])

    link.shut(true)
    await generator.churn(80)
    await cluster.compact()
    await cluster.kill('kube-apiserver')
    await until(() => watch.status().problem?.code === 'PAN0503', 'the problem to be told')
    await cluster.restart('kube-apiserver')
    link.shut(false)
    await caughtUp()
    await cluster.kill('kube-apiserver')
    await cluster.restart('kube-apiserver')
    await generator.churn(60)
    await caughtUp()

    expect(watched.gaps.length).toBeGreaterThan(0)
    expect(watch.status()).toMatchObject({ state: 'watching', gaps: watched.gaps.length })
    expect(watch.status().problem).toBeUndefined()
    expect(watch.status().lists).toBe(1 + watched.gaps.length) // one list for each reconnect that could not resume
    const history = new Set(watched.history)
    const inGap = (version: string) => watched.gaps.some((g) => isNewer(version, g.fromResourceVersion) && !isNewer(version, g.resourceVersion))
    const missing = generator.log.filter((entry) => !history.has(changeLine(entry)))
    expect(missing.length).toBeGreaterThan(0)
    expect(missing.filter((entry) => !inGap(entry.resourceVersion))).toEqual([])
    expect(history.size).toBe(watched.history.length) // nothing twice
    const [real, states] = [new Set(generator.history), new Set(generator.log.map((e) => `${e.uid} ${e.resourceVersion}`))]
    const invented = watched.changes.filter((c) => {
      if (c.type === 'modified' && c.object.deletedAt) return false
      if (!c.relisted) return !real.has(changeLine(asChange(c)))
      return c.type === 'deleted' ? !generator.deleted.includes(c.object.uid) : !states.has(`${c.object.uid} ${c.resourceVersion}`)
    })
    expect(invented).toEqual([])
    await watched.stop()
  })

  it('goes on where the watch before it ended, ten times, without a list', async () => {
    const generator = new PodChurn(cluster, 'again')
    const watches = [await new Watched(cluster, 'again').start()]
    // However fast the API server is, changes must not run out before the tenth watch.
    let enough = false
    const churning = (async () => {
      while (!enough) await generator.churn(30)
    })()
    try {
      for (let i = 0; i < 10; i++) {
        const last = watches.at(-1)!
        const seen = last.changes.length
        await until(() => last.changes.length > seen + 10, 'some changes')
        await last.stop()
        watches.push(await new Watched(cluster, 'again').start({ after: last }))
      }
    } finally {
      enough = true
      await churning
    }
    const last = watches.at(-1)!
    await until(async () => same(last.view(), await generator.list()), 'the view to equal the list')
    expect(watches.flatMap((w) => w.history).sort()).toEqual(generator.history)
    expect(watches.map((w) => w.watch.status().lists)).toEqual([1, ...Array(10).fill(0)])
    expect(watchMetrics(new Map([['pods', last.watch.status()]]))).toMatch(/panoptes_controller_watch_gaps_total\{kind="pods"\} 0\n/)
    await last.stop()
  })

  it('keeps lives and addresses of pods that kwok runs, and the view equals the list at every pause', async () => {
    const watched = await new Watched(cluster, 'churn').start()
    const path = '/api/v1/namespaces/churn/pods'
    for (let i = 0; i < 4; i++) await cluster.must('POST', '/api/v1/nodes', { metadata: { name: `node-${i}` } })
    const expected: string[] = []
    for (let round = 0; round < 3; round++) {
      const names = Array.from({ length: 40 }, (_, i) => `pod-${round}-${i}`)
      for (const name of names) {
        const spec = { nodeName: `node-${names.indexOf(name) % 4}`, containers: [{ name: 'app', image: 'registry.example/app:2' }] }
        await cluster.must('POST', path, { metadata: { name }, spec })
      }
      await until(() => [...watched.watch.objects()].filter((p) => names.includes(p.name) && p.ips.length > 0).length === names.length, 'all to run')
      for (const { uid, name } of watched.watch.objects())
        if (names.includes(name)) expected.push(`containerd://${createHash('sha256').update(`${uid}/app`).digest('hex')}`)
      const list = await cluster.must('GET', path)
      const listed = list.items.map((p: { metadata: { uid: string; resourceVersion: string } }) => `${p.metadata.uid} ${p.metadata.resourceVersion}`)
      expect(watched.view()).toEqual(listed.sort())
      await Promise.all(names.map((name) => cluster.must('DELETE', `${path}/${name}`)))
      await until(() => ![...watched.watch.objects()].some((p) => names.includes(p.name)), 'all to be gone')
    }
    const ofKwok = watched.transitions.filter((t) => t.type !== 'unseen' && t.life.namespace === 'churn')
    for (const type of ['started', 'ended'] as const)
      expect(ofKwok.flatMap((t) => (t.type === type ? [t.life.containerId] : [])).sort()).toEqual(expected.sort())
    const digest = `sha256:${createHash('sha256').update('registry.example/app:2').digest('hex')}`
    expect(new Set(ofKwok.map((t) => t.type === 'started' && t.life.imageDigest))).toEqual(new Set([digest, false]))
    const leases = watched.leases.filter((l) => l.namespace === 'churn')
    expect(leases).toHaveLength(120)
    for (const lease of leases) {
      const owners = ownersAt(
        leases.filter((l) => l.ip === lease.ip),
        lease.to!,
      )
      expect(owners).toContain(lease)
    }
    await watched.stop()
  })

  it('says why it cannot watch: a kind that is not served, a token that is not known', async () => {
    const stopping = new AbortController()
    const access = parseKubeconfig(readFileSync(cluster.kubeconfig, 'utf8'))
    const clients = [kubeClient(access), kubeClient({ ...access, token: () => 'nobody' })] as const
    const codes: string[] = []
    const options = { pick: pickMeta, onEvent: () => {}, signal: stopping.signal, onProblem: (p?: PanoptesError) => void (p && codes.push(p.code)) }
    const watches = [
      watchKind({ ...options, client: clients[0], path: '/apis/none.example/v1/things' }),
      watchKind({ ...options, client: clients[1], path: '/api/v1/pods' }),
    ]
    await until(() => codes.length === 2, 'both problems to be told')
    expect(codes.sort()).toEqual(['PAN0504', 'PAN0505'])
    stopping.abort()
    await Promise.all(watches.map((w) => w.done))
    for (const client of clients) client.close()
  })
})

describe.skipIf(absent !== undefined)('the watch against an API server that sends no initial events', () => {
  it('lists page by page', async () => {
    const cluster = await startCluster({ apiserverArgs: ['--feature-gates=WatchList=false'] })
    try {
      await cluster.must('POST', '/api/v1/namespaces', { metadata: { name: 'paged' } })
      const generator = new PodChurn(cluster, 'paged')
      await generator.churn(60)
      const watched = await new Watched(cluster, 'paged').start({ pageSize: 7 })
      await generator.churn(60)
      await until(async () => same(watched.view(), await generator.list()), 'the view to equal the list')
      const requests = await cluster.requests()
      expect(requests.get('LIST pods')).toBeGreaterThan(2)
      expect(watched.watch.status()).toMatchObject({ state: 'watching', lists: 2, gaps: 0 }) // asked for initial events once, then listed
      await watched.stop()
    } finally {
      await cluster.stop()
    }
  })
})
