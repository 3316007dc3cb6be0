import type { Cluster } from './cluster.ts'

/** What one write came to, as the API server's answer says. */
export interface Change {
  type: 'added' | 'modified' | 'deleted'
  uid: string
  resourceVersion: string
}

export const changeLine = ({ type, uid, resourceVersion }: Change) => `${type} ${uid} ${resourceVersion}`

/** Writes pods and keeps, from the API server's answers, the list of what has happened. */
export class PodChurn {
  readonly log: Change[] = []
  readonly lives: string[] = []
  private readonly pods = new Map<string, { uid: string; restarts: number }>()
  private readonly cluster: Cluster
  private readonly namespace: string
  private count = 0

  constructor(cluster: Cluster, namespace: string) {
    this.cluster = cluster
    this.namespace = namespace
  }

  private path = (name = '', more = '') => `/api/v1/namespaces/${this.namespace}/pods${name && `/${name}`}${more}`

  private note(type: 'added' | 'modified' | 'deleted', { uid, resourceVersion }: { uid: string; resourceVersion: string }): void {
    this.log.push({ type, uid, resourceVersion })
  }

  async create(node = 'nobody'): Promise<void> {
    const name = `pod-${this.count++}`
    const spec = { nodeName: node, containers: [{ name: 'app', image: 'registry.example/app:1', env: [{ name: 'PASSWORD', value: 'canary-1' }] }] }
    const { metadata } = await this.cluster.must('POST', this.path(), { metadata: { name }, spec })
    this.pods.set(name, { uid: metadata.uid, restarts: -1 })
    this.note('added', metadata)
  }

  /** The container is started, or ends with an exit code and is started again, all in one status as a kubelet may write it. */
  async restart(name: string): Promise<void> {
    const pod = this.pods.get(name)!
    pod.restarts++
    const id = (n: number) => `containerd://${pod.uid}-${n}`
    const at = new Date().toISOString().replace(/\.\d+/, '')
    const ended = { terminated: { exitCode: 1 + (pod.restarts % 100), reason: 'Error', startedAt: at, finishedAt: at, containerID: id(pod.restarts - 1) } }
    const status = {
      name: 'app',
      image: 'registry.example/app:1',
      imageID: `registry.example/app@sha256:${'a'.repeat(64)}`,
      containerID: id(pod.restarts),
      restartCount: pod.restarts,
      ready: true,
      state: { running: { startedAt: at } },
      ...(pod.restarts > 0 ? { lastState: ended } : {}),
    }
    if (pod.restarts > 0) this.lives.push(`ended ${id(pod.restarts - 1)} ${ended.terminated.exitCode}`)
    this.lives.push(`started ${id(pod.restarts)}`)
    const { metadata } = await this.cluster.must('PATCH', this.path(name, '/status'), { status: { phase: 'Running', containerStatuses: [status] } })
    this.note('modified', metadata)
  }

  async remove(name: string): Promise<void> {
    const { uid, restarts } = this.pods.get(name)!
    this.pods.delete(name)
    const { metadata } = await this.cluster.must('DELETE', this.path(name), { gracePeriodSeconds: 0 })
    if (restarts >= 0) this.lives.push(`ended containerd://${uid}-${restarts} undefined`)
    this.note('deleted', metadata)
  }

  /** Creates, restarts and deletes until so many changes were made, eight at a time and no two on one pod. */
  async churn(changes: number): Promise<void> {
    const end = this.log.length + changes
    let turn = 0
    const worker = async (mine: number) => {
      while (this.log.length < end) {
        const names = [...this.pods.keys()].filter((name) => Number(name.slice(4)) % 8 === mine)
        const name = names[turn++ % Math.max(1, names.length)]
        if (!name || names.length < 10) await this.createMine(mine)
        else if (turn % 5 === 0) await this.remove(name)
        else await this.restart(name)
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, i) => worker(i)))
  }

  private async createMine(mine: number): Promise<void> {
    while (this.count % 8 !== mine) this.count++
    await this.create()
  }

  get history(): string[] {
    return this.log.map(changeLine).sort()
  }

  get deleted(): string[] {
    return this.log.flatMap((entry) => (entry.type === 'deleted' ? [entry.uid] : [])).sort()
  }

  async list(): Promise<string[]> {
    const { items } = await this.cluster.must('GET', this.path())
    return items.map(({ metadata }: { metadata: { uid: string; resourceVersion: string } }) => `${metadata.uid} ${metadata.resourceVersion}`).sort()
  }
}
