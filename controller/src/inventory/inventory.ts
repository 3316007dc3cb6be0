import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PermissionRole } from '@panoptes/contract/ingest'
import type { Logger } from 'pino'
import type { Finisher } from '../batch/index.ts'
import {
  type KindWatch,
  type KubeObject,
  type KubeRequests,
  type PickedMeta,
  type PickedPod,
  pickEvent,
  pickMeta,
  pickNode,
  pickPod,
  redactor,
  type WatchStatus,
  watchKind,
} from '../watch/index.ts'
import { AddressBook } from './addresses.ts'
import { Attribution } from './attribution.ts'
import { type Kind, servedKinds } from './kinds.ts'
import { Narrator } from './narrator.ts'
import { News } from './news.ts'
import { restate } from './restate.ts'
import { InventoryStore, type State } from './store.ts'
import { type PackedSpool, Teller } from './teller.ts'

export interface InventoryOptions {
  client: KubeRequests
  /** Data folder of the controller. */
  data: string
  roles: readonly PermissionRole[]
  trustDomain: string
  /** Of these nothing is kept. */
  excludedNamespaces: readonly string[]
  spool: PackedSpool
  log: Logger
  now: () => number
}

/** What is kept in memory of kinds that are more than names. */
const picks: Record<string, (object: KubeObject) => PickedMeta> = { pods: pickPod, nodes: pickNode }
const tickEvery = 250
const discoverEvery = 60_000
/** Pods are listed after all that may own them, or after so many milliseconds. */
const ownersFirst = 15_000

/** Watches all kinds of a cluster and tells what it learns: versions of objects, lives of containers, leases of addresses, gaps. */
export class Inventory {
  private readonly options: InventoryOptions
  readonly store: InventoryStore
  readonly teller: Teller
  readonly narrator: Narrator
  private readonly addresses = new AddressBook()
  private readonly news: News
  private readonly watches = new Map<string, { kind: Kind; watch: KindWatch<PickedMeta> }>()
  private readonly stopping = new AbortController()
  private running: Promise<void> | undefined
  private timer: NodeJS.Timeout | undefined
  private restating = false

  /** Throws where the data folder cannot be used. */
  constructor(options: InventoryOptions) {
    this.options = options
    const { data, spool, log, now } = options
    mkdirSync(data, { recursive: true, mode: 0o700 })
    this.store = new InventoryStore(join(data, 'inventory.db'))
    this.news = new News(now)
    this.teller = new Teller(this.store, spool, log, now)
    const key = this.store.fact('redaction') ?? randomBytes(32).toString('hex')
    this.teller.note('redaction', key)
    const { trustDomain, excludedNamespaces } = options
    this.teller.beforeFlush(() => this.narrator.standAll())
    this.narrator = new Narrator({
      teller: this.teller,
      redact: redactor(Buffer.from(key, 'hex')),
      trustDomain,
      excluded: new Set(excludedNamespaces),
      addresses: this.addresses,
      news: this.news,
      now,
    })
  }

  /** Hands on what a crash left behind; to be called before batches are sent. */
  recover(): Promise<void> {
    return this.teller.recover()
  }

  start(): void {
    this.running = this.run().catch((error: Error) => {
      if (!this.stopping.signal.aborted) this.options.log.error({ error: error.message }, 'the watch has ended')
    })
    this.timer = setInterval(() => void this.tick().catch(() => undefined), tickEvery)
  }

  /** What writes beside the addresses of accesses whose they were; `cluster` names the cluster. */
  attribution(cluster: () => string): Finisher {
    const attribution = new Attribution({ addresses: this.addresses, cluster, passed: (at) => this.passed(at) })
    return { waitMs: () => this.news.takes + 500, finish: (rows, interner) => attribution.finish(rows, interner) }
  }

  /** Whether all news of a moment has come: the watch stood for longer than news takes. */
  private passed(at: number): boolean {
    return this.watches.get('pods')?.watch.status().state === 'watching' && this.options.now() >= at + this.news.takes
  }

  /** How each kind is watched, by the name of its resource. */
  status(): Map<string, WatchStatus> {
    return new Map([...this.watches].map(([resource, { watch }]) => [resource, watch.status()]))
  }

  /** The pods that are known now. */
  *pods(): Generator<PickedPod> {
    for (const pod of this.watches.get('pods')?.watch.objects() ?? []) yield pod as PickedPod
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    this.stopping.abort()
    await this.running
    await Promise.allSettled([...this.watches.values()].map(({ watch }) => watch.done))
    await this.teller.stop().catch((error: Error) => this.options.log.error({ error: error.message }, 'what the watch knows was not written'))
    this.options.client.close()
    this.store.close()
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping
    await this.identify()
    for (;;) {
      const kinds = await this.insist(() => servedKinds(this.options.client, this.options.roles, signal))
      const fresh = kinds.filter(({ resource }) => !this.watches.has(resource))
      for (const kind of fresh) if (kind.resource !== 'pods') this.watch(kind)
      const pods = fresh.find(({ resource }) => resource === 'pods')
      if (pods) {
        await this.settled(ownersFirst)
        this.watch(pods)
      }
      await sleep(discoverEvery, undefined, { signal })
    }
  }

  /** A cluster that was made anew under the same address shares nothing with the one before. */
  private async identify(): Promise<void> {
    const uid = await this.insist(async () => {
      const { status, body } = await this.options.client.send('GET', '/api/v1/namespaces/kube-system')
      if (status === 403) return this.store.fact('cluster') ?? ''
      const found = (body as { metadata?: { uid?: string } } | null)?.metadata?.uid
      if (!found) throw new Error(`the namespace kube-system was answered with ${status}`)
      return found
    })
    const known = this.store.fact('cluster')
    if (known !== undefined && known !== uid) {
      this.options.log.warn({ known, uid }, 'another cluster stands behind the address: what was known is forgotten')
      this.store.forget()
    }
    this.teller.note('cluster', uid)
    await this.teller.flush()
  }

  private watch(kind: Kind): void {
    const position = this.store.positions().get(kind.resource)
    const states: State[] = [...this.store.states(kind.resource)]
    const objects = states.map(({ object }) => object)
    const onEvent = this.narrator.begin(kind, states, position, this.store.fact(`day ${kind.resource}`), () => watch.status())
    const watch = watchKind<PickedMeta>({
      client: this.options.client,
      path: kind.path,
      pick: picks[kind.resource] ?? (kind.kind === 'Event' ? pickEvent : pickMeta),
      metadataOnly: kind.metadataOnly,
      signal: this.stopping.signal,
      onEvent,
      onProblem: (problem) => problem && this.options.log.warn({ code: problem.code, error: problem.message }, 'a kind is not watched'),
      ...(position ? { resumeFrom: { ...position, objects } } : {}),
    })
    watch.done.catch((error: Error) => this.options.log.error({ kind: kind.resource, error: error.stack }, 'the watch of a kind has ended'))
    this.watches.set(kind.resource, { kind, watch })
  }

  /** Waits until all that is watched has been listed once. */
  private async settled(patience: number): Promise<void> {
    const end = this.options.now() + patience
    const pending = () => [...this.watches.values()].some(({ watch }) => !watch.status().resourceVersion && !watch.status().problem)
    while (pending() && this.options.now() < end) await sleep(50, undefined, { signal: this.stopping.signal })
  }

  private async tick(): Promise<void> {
    if (this.teller.due) await this.teller.flush()
    this.addresses.prune(this.options.now())
    if (this.restating) return
    const day = new Date(this.options.now()).toISOString().slice(0, 10)
    for (const [resource, { kind, watch }] of this.watches) {
      const said = this.narrator.said(resource)
      if (!said || said.day >= day || watch.status().state !== 'watching') continue
      this.restating = true
      await restate(kind, this).finally(() => {
        this.restating = false
      })
    }
  }

  /** Tries until it works or the controller stops. */
  private async insist<T>(work: () => Promise<T>): Promise<T> {
    for (let wait = 500; ; wait = Math.min(wait * 2, 10_000)) {
      try {
        return await work()
      } catch (error) {
        this.stopping.signal.throwIfAborted()
        this.options.log.warn({ error: (error as Error).message }, 'the API server is asked again')
        await sleep(wait, undefined, { signal: this.stopping.signal })
      }
    }
  }
}
