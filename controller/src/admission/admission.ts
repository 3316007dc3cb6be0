import { setTimeout as sleep } from 'node:timers/promises'
import { type AdmissionOrders, type AdmissionReport, AdmissionSettings } from '@panoptes/contract/ingest'
import type { Logger } from 'pino'
import type { TableBatcher } from '../batch/index.ts'
import type { KubeRequests, PickedPod } from '../watch/index.ts'
import type { Identity } from './certificate.ts'
import type { Endpoint } from './configuration.ts'
import { Publisher } from './publisher.ts'
import { reviewer } from './reviewer.ts'
import { ReviewServer } from './server.ts'
import { AdmissionStore } from './store.ts'

export interface AdmissionOptions {
  client: KubeRequests
  /** Data folder of the controller. */
  data: string
  listen: { host: string; port: number }
  endpoint: Endpoint
  /** The controller's own namespace, and others of which nothing is kept. */
  exempt: readonly string[]
  /** Milliseconds from one certificate to the next; each is valid three times as long. */
  rotateEvery: number
  /** Takes the decisions. */
  table: TableBatcher
  /** The pods that are known now. */
  pods: () => Iterable<PickedPod>
  log: Logger
  now: () => number
}

/** Decisions wait so long for others (ms): few larger batches disturb the reviews less than many small ones. */
const tickEvery = 1_000
const learnEvery = 2_000
/** What somebody else has changed in the cluster is put right after so many milliseconds. */
const reconcileEvery = 60_000
const retryEvery = 5_000
const readyWithin = 60_000
const never: AdmissionSettings = { failurePolicy: 'ignore', timeout: 5, unidentifiedImage: 'detect', registries: [] }
const seconds = 1_000

/** Answers the API server's reviews, keeps its own certificate fresh, and tells of each decision. */
export class Admission {
  private readonly options: AdmissionOptions
  private readonly store: AdmissionStore
  private readonly publisher: Publisher
  private server: ReviewServer | undefined
  private identity: Identity | undefined
  private settings: AdmissionSettings | undefined
  private problem = ''
  private reviews = 0
  private readonly stopping = new AbortController()
  private tail: Promise<void> = Promise.resolve()
  private timers: NodeJS.Timeout[] = []
  private readonly seen = new Set<string>()
  private rotating = false
  private published = false
  private readonly began: number

  /** Throws where the data folder cannot be used. */
  constructor(options: AdmissionOptions) {
    this.options = options
    this.began = options.now()
    this.store = new AdmissionStore(options.data)
    const { client, endpoint, now } = options
    this.publisher = new Publisher({ client, endpoint, exempt: this.exempt(), now })
    this.settings = AdmissionSettings.safeParse(JSON.parse(this.store.fact('settings') ?? 'null')).data
  }

  /** Listens and, once the settings are known, has the API server ask. Answers the port; throws where it cannot be used. */
  async start(): Promise<number> {
    const { listen, now, table } = this.options
    this.identity = this.kept() ?? (await this.make())
    this.store.note('identity', JSON.stringify(this.identity))
    const review = reviewer({
      settings: () => this.settings ?? never,
      known: this.store,
      exempt: new Set(this.exempt()),
      policyTells: () => this.publisher.policyTells,
      decided: (row) => {
        this.reviews++
        table.add(row)
      },
      now,
      clock: () => performance.now(),
    })
    this.server = new ReviewServer(this.identity, review)
    const port = await this.server.listen(listen)
    this.learn()
    this.timers = [
      setInterval(() => table.flush(), tickEvery),
      setInterval(() => this.learn(), learnEvery),
      setInterval(() => this.reconcile(), reconcileEvery),
      setInterval(() => (this.problem || !this.settings) && this.reconcile(), retryEvery),
      setInterval(() => void this.rotateWhenDue(), Math.min(this.options.rotateEvery / 10, 60 * seconds)),
    ]
    this.reconcile()
    return port
  }

  /** Whether the API servers trust our certificate by now; after a minute without it other work must not wait any longer. */
  get ready(): boolean {
    return this.published || this.options.now() - this.began > readyWithin
  }

  report(): AdmissionReport {
    return { after: this.store.fact('after') ?? '', reviews: this.reviews, problem: this.problem }
  }

  /** Takes what the server tells: what the cluster has chosen, and images that the record knows. */
  obey({ settings, images, after }: AdmissionOrders): void {
    this.store.learn(images, after)
    const text = JSON.stringify(settings)
    if (text === this.store.fact('settings')) return
    this.store.note('settings', text)
    this.settings = settings
    this.reconcile()
  }

  /** Takes no more reviews. What the cluster has chosen stays in force: the failure policy decides until a controller answers again. */
  async stop(): Promise<void> {
    this.stopping.abort()
    for (const timer of this.timers) clearInterval(timer)
    await this.server?.close()
    this.options.table.flush()
    await this.tail
    this.options.client.close()
    this.store.close()
  }

  /** Namespaces that are never blocked. */
  private exempt(): string[] {
    return [...new Set(['kube-system', ...this.options.exempt])]
  }

  private kept(): Identity | undefined {
    const identity = JSON.parse(this.store.fact('identity') ?? 'null') as Identity | null
    return identity && identity.notAfter - this.options.now() > this.options.rotateEvery ? identity : undefined
  }

  private async make(): Promise<Identity> {
    const { endpoint, rotateEvery, now } = this.options
    const hosts = 'url' in endpoint ? [new URL(endpoint.url).hostname.replace(/^\[|\]$/g, '')] : serviceNames(endpoint.service, endpoint.namespace)
    // The X.509 library takes 40 MB, and is needed once in a month.
    const { makeIdentity } = await import('./certificate.ts')
    return makeIdentity(hosts, 3 * rotateEvery, now())
  }

  /** One after the other: what is published last is what holds. */
  private next(work: () => Promise<void>): Promise<void> {
    this.tail = this.tail.then(work).then(
      () => {
        this.problem = ''
      },
      (error: Error) => {
        if (this.stopping.signal.aborted) return
        this.problem = error.message
        this.options.log.warn({ error: error.message }, 'admission is not in force as it should be; trying again')
      },
    )
    return this.tail
  }

  private reconcile(): void {
    void this.next(async () => {
      const there = this.settings ? undefined : await this.publisher.settingsThere()
      // The server may have told in the meantime.
      this.settings ??= there
      if (!this.settings) return
      await this.publish([this.identity!])
      this.published = true
    })
  }

  private publish(identities: readonly Identity[]): Promise<void> {
    const trust = identities.map(({ ca }) => ca)
    const made = JSON.parse(this.store.fact('made') ?? '[]') as string[]
    this.store.note('made', JSON.stringify([...new Set([...made, ...trust])].slice(-8)))
    return this.publisher.publish(
      this.settings!,
      trust,
      made.filter((ca) => !trust.includes(ca)),
    )
  }

  /**
   * Exchanges the certificate without a review that fails: the API servers trust both authorities first, then the new certificate is served, then the old
   * authority is dropped; in between as long as news takes to reach every API server.
   */
  private rotateWhenDue(): Promise<void> | undefined {
    const { rotateEvery, now, log } = this.options
    if (this.rotating || !this.settings || this.identity!.notAfter - now() > 2 * rotateEvery) return undefined
    this.rotating = true
    const dwell = Math.min(60 * seconds, Math.max(2 * seconds, rotateEvery / 10))
    return this.next(async () => {
      const old = this.identity!
      const fresh = await this.make()
      await this.publish([old, fresh])
      await sleep(dwell, undefined, { signal: this.stopping.signal })
      this.server!.serveAs(fresh)
      this.identity = fresh
      this.store.note('identity', JSON.stringify(fresh))
      log.info({ notAfter: new Date(fresh.notAfter).toISOString() }, 'a new certificate is served')
      await sleep(dwell, undefined, { signal: this.stopping.signal })
      await this.publish([fresh])
    }).finally(() => {
      this.rotating = false
    })
  }

  /** What runs here is known before the record tells it back. */
  private learn(): void {
    const fresh = [...this.options.pods()].flatMap(({ containers }) =>
      containers.flatMap(({ image, imageId }) => {
        const digest = /@?(sha256:[0-9a-f]{64})$/.exec(imageId)?.[1]
        const key = `${image} ${digest}`
        if (!digest || this.seen.has(key)) return []
        this.seen.add(key)
        return [{ image, digest }]
      }),
    )
    if (fresh.length > 0) this.store.learn(fresh)
  }
}

const serviceNames = (service: string, namespace: string) => ['', '.svc', '.svc.cluster.local'].map((end) => `${service}.${namespace}${end}`)
