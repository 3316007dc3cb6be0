import { createHash } from 'node:crypto'
import type { Cluster } from '../kube.ts'
import type { Random } from '../random.ts'

/** What one write came to, from the API server's answer. */
export interface Written {
  type: 'added' | 'modified' | 'deleted'
  uid: string
  version: number
}

/** A pod had an address from one moment to another, ms since 1970; `to` absent = has it still. */
export interface Leased {
  ip: string
  uid: string
  pod: string
  hostNetwork: boolean
  /** Container by port; a port that no container declares is nobody's. */
  ports: Map<number, string>
  from: number
  to?: number
  /** Between these it was surely its own: from the API server's answer to the end being asked for. */
  surelyFrom: number
  surelyTo?: number
}

interface Life {
  name: string
  id: string
  restarts: number
  running: boolean
  startedAt: string
}

interface Pod {
  namespace: string
  name: string
  uid: string
  node: string
  ip: string
  containers: Life[]
  lease: Leased | undefined
}

export interface ChurnOptions {
  namespaces: readonly string[]
  nodes: readonly string[]
  /** Pods that there are about. */
  pods: number
  /** Writers at once; each has pods of its own. */
  workers?: number
}

const image = 'registry.example/team/app:1'
const digest = `sha256:${createHash('sha256').update(image).digest('hex')}`
const now = () => new Date().toISOString().replace(/\.\d+/, '')

/**
 * Plays the kubelet and the user of pods, and keeps from the API server's answers what must be known of them: every version, every
 * transition of a container (`event pod-uid/container id exit version`), and who had which address when.
 */
export class KubeChurn {
  readonly written: Written[] = []
  readonly transitions: string[] = []
  readonly leases: Leased[] = []
  readonly deleted = new Set<string>()
  private readonly cluster: Cluster
  private readonly options: Required<ChurnOptions>
  private readonly random: Random
  private readonly pods: Pod[][]
  private readonly freeIps: string[] = []
  private ips = 0
  private serial = 0

  constructor(cluster: Cluster, random: Random, options: ChurnOptions) {
    this.cluster = cluster
    this.random = random
    this.options = { workers: 12, ...options }
    this.pods = Array.from({ length: this.options.workers }, () => [])
  }

  get alive(): number {
    return this.pods.reduce((sum, mine) => sum + mine.length, 0)
  }

  /** Writes until so many further changes were made, or `stop` says so. */
  async churn(changes: number, stop: () => boolean = () => false): Promise<void> {
    const end = this.written.length + changes
    const share = Math.ceil(this.options.pods / this.options.workers)
    const work = async (mine: Pod[], random: Random) => {
      while (this.written.length < end && !stop()) await this.step(mine, share, random)
    }
    await Promise.all(this.pods.map((mine, i) => work(mine, this.random.fork(`worker ${i} ${this.written.length}`))))
  }

  private async step(mine: Pod[], share: number, random: Random): Promise<void> {
    const fresh = mine.findIndex((pod) => pod.ip === '')
    if (fresh >= 0) return this.run(mine[fresh]!)
    // Scale down and up again now and then; else about as many as wanted.
    if (mine.length < share * (random.int(40) === 0 ? 1.05 : 1)) return void mine.push(await this.create(random))
    const at = random.int(mine.length)
    const pod = mine[at]!
    const what = random.weighted({ restart: 40, crash: 12, jump: 6, label: 12, evict: 8, finish: 4, remove: 18 })
    if (what === 'remove' || what === 'evict' || what === 'finish') {
      if (what !== 'remove') await this.end(pod, what)
      mine.splice(at, 1)
      return this.remove(pod)
    }
    const container = random.pick(pod.containers)
    if (what === 'label') await this.label(pod)
    else if (!container.running) await this.recover(pod, container)
    else await this[what](pod, container, random)
  }

  private path = (pod: Pick<Pod, 'namespace' | 'name'>, more = '') => `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}${more}`

  private note(type: Written['type'], { uid, resourceVersion }: { uid: string; resourceVersion: string }): number {
    const version = Number(resourceVersion)
    this.written.push({ type, uid, version })
    return version
  }

  private tell(event: string, pod: Pod, container: string, id: string, exit: number | undefined, version: number): void {
    this.transitions.push(`${event} ${pod.uid}/${container} ${id} ${exit ?? ''} ${version}`)
  }

  private async create(random: Random): Promise<Pod> {
    const name = `pod-${this.serial++}`
    const namespace = random.pick(this.options.namespaces)
    const node = random.pick(this.options.nodes)
    const names = random.int(3) === 0 ? ['app', 'helper'] : ['app']
    const containers = names.map((container, i) => ({ name: container, image, ports: [{ containerPort: 8080 + i }] }))
    const metadata = { name, labels: { app: `app-${this.serial % 50}` }, annotations: { kubelet: 'played' } }
    const made = await this.cluster.must('POST', `/api/v1/namespaces/${namespace}/pods`, { metadata, spec: { nodeName: node, containers } })
    const lives = names.map((container) => ({ name: container, id: '', restarts: 0, running: false, startedAt: '' }))
    this.note('added', made.metadata)
    return { namespace, name, uid: made.metadata.uid, node, ip: '', containers: lives, lease: undefined }
  }

  private idOf = (pod: Pod, container: string, ordinal: number) =>
    `containerd://${createHash('sha256').update(`${pod.uid}/${container}/${ordinal}`).digest('hex')}`

  /** The status of all containers of a pod as a kubelet would write it; `other` replaces parts of one. */
  private statuses(pod: Pod, changed?: string, other: object = {}): object[] {
    return pod.containers.map((c) => ({
      ...{
        name: c.name,
        image,
        imageID: `registry.example/team/app@${digest}`,
        containerID: c.id,
        restartCount: c.restarts,
        ready: c.running,
        started: c.running,
      },
      state: c.running ? { running: { startedAt: c.startedAt } } : { waiting: { reason: 'CrashLoopBackOff' } },
      ...(c.name === changed ? other : {}),
    }))
  }

  private async status(pod: Pod, status: object): Promise<number> {
    const { metadata } = await this.cluster.must('PATCH', this.path(pod, '/status'), { status })
    return this.note('modified', metadata)
  }

  /** The containers start and the pod gets an address, mostly one that another has just had. */
  private async run(pod: Pod): Promise<void> {
    const ip = this.freeIps.shift() ?? this.newIp()
    pod.ip = ip
    const startedAt = now()
    for (const c of pod.containers) Object.assign(c, { id: this.idOf(pod, c.name, 0), running: true, startedAt })
    const asked = Date.now()
    const version = await this.status(pod, { phase: 'Running', podIP: ip, podIPs: [{ ip }], startTime: startedAt, containerStatuses: this.statuses(pod) })
    for (const c of pod.containers) this.tell('started', pod, c.name, c.id, undefined, version)
    const ports = new Map(pod.containers.map((c, i) => [8080 + i, c.name] as const))
    pod.lease = { ip, uid: pod.uid, pod: pod.name, hostNetwork: false, ports, from: asked, surelyFrom: Date.now() }
    this.leases.push(pod.lease)
  }

  private newIp(): string {
    const n = this.ips++
    return `10.${64 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`
  }

  private ended(c: Life, exitCode: number, id = c.id): object {
    return { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: c.startedAt, finishedAt: now(), containerID: id } }
  }

  /** It ended with a code and runs again, told at once. */
  private async restart(pod: Pod, c: Life, random: Random): Promise<void> {
    const code = 1 + random.int(120)
    const [before, lastState] = [c.id, this.ended(c, code)]
    c.restarts++
    Object.assign(c, { id: this.idOf(pod, c.name, c.restarts), startedAt: now() })
    const version = await this.status(pod, { containerStatuses: this.statuses(pod, c.name, { lastState }) })
    this.tell('ended', pod, c.name, before, code, version)
    this.tell('started', pod, c.name, c.id, undefined, version)
  }

  /** It ended and waits to be started again. */
  private async crash(pod: Pod, c: Life, random: Random): Promise<void> {
    const code = 1 + random.int(120)
    const lastState = this.ended(c, code)
    c.running = false
    const version = await this.status(pod, { containerStatuses: this.statuses(pod, c.name, { lastState }) })
    this.tell('ended', pod, c.name, c.id, code, version)
    this.tell('waiting', pod, c.name, '', undefined, version)
  }

  private async recover(pod: Pod, c: Life): Promise<void> {
    const before = c.id
    c.restarts++
    Object.assign(c, { id: this.idOf(pod, c.name, c.restarts), startedAt: now(), running: true })
    const lastState = { terminated: { exitCode: 1, reason: 'Error', startedAt: c.startedAt, finishedAt: c.startedAt, containerID: before } }
    const version = await this.status(pod, { containerStatuses: this.statuses(pod, c.name, { lastState }) })
    this.tell('started', pod, c.name, c.id, undefined, version)
  }

  /** It restarted several times between two words of the kubelet: only the last two lives are told, the others were never seen. */
  private async jump(pod: Pod, c: Life, random: Random): Promise<void> {
    const times = 3 + random.int(3)
    const code = 1 + random.int(120)
    const [before, first] = [c.id, c.restarts]
    c.restarts += times
    const last = this.idOf(pod, c.name, c.restarts - 1)
    const lastState = this.ended(c, code, last)
    Object.assign(c, { id: this.idOf(pod, c.name, c.restarts), startedAt: now() })
    const version = await this.status(pod, { containerStatuses: this.statuses(pod, c.name, { lastState }) })
    this.tell('ended', pod, c.name, before, undefined, version)
    this.tell(`unseen ${c.restarts - first - 2}`, pod, c.name, '', undefined, version)
    this.tell('started', pod, c.name, last, undefined, version)
    this.tell('ended', pod, c.name, last, code, version)
    this.tell('started', pod, c.name, c.id, undefined, version)
  }

  private async label(pod: Pod): Promise<void> {
    const { metadata } = await this.cluster.must('PATCH', this.path(pod), { metadata: { labels: { turn: String(this.serial++) } } })
    this.note('modified', metadata)
  }

  /** Evicted: the kubelet says nothing of its containers. Finished: all ended with 0. */
  private async end(pod: Pod, what: 'evict' | 'finish'): Promise<void> {
    const running = pod.containers.filter((c) => c.running)
    const statuses = pod.containers.map((c) => ({ ...this.statuses({ ...pod, containers: [c] })[0], ...(c.running ? { state: this.ended(c, 0) } : {}) }))
    const status =
      what === 'evict'
        ? { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' }
        : { phase: 'Succeeded', containerStatuses: statuses }
    this.giveUp(pod)
    const version = await this.status(pod, status)
    for (const c of running) {
      // Evicted pods still say that their containers run: that is not taken for true, and the end is not told before they are gone.
      if (what === 'finish') this.tell('ended', pod, c.name, c.id, 0, version)
      c.running = what === 'evict'
    }
    this.release(pod)
  }

  private async remove(pod: Pod): Promise<void> {
    this.giveUp(pod)
    const { metadata } = await this.cluster.must('DELETE', this.path(pod), { gracePeriodSeconds: 0 })
    const version = this.note('deleted', metadata)
    this.deleted.add(pod.uid)
    for (const c of pod.containers) if (c.running) this.tell('ended', pod, c.name, c.id, undefined, version)
    this.release(pod)
  }

  private giveUp({ lease }: Pod): void {
    if (lease) lease.surelyTo ??= Date.now()
  }

  private release(pod: Pod): void {
    if (!pod.lease || pod.lease.to) return
    pod.lease.to = Date.now()
    this.freeIps.push(pod.lease.ip)
  }
}
