import type { Logger } from 'pino'
import type { KubeRequests } from '../watch/index.ts'

export interface LeaderOptions {
  client: KubeRequests
  /** `namespace/name` of a Lease that exists. */
  lease: string
  /** This replica, as no other is called. */
  identity: string
  /** It leads from now on. */
  gained: () => void
  /** It led, and another may do so from now on: whatever only one may do must end at once. */
  lost: (why: string) => void
  log: Logger
}

interface Lease {
  metadata?: { resourceVersion?: string }
  spec?: { holderIdentity?: string; leaseDurationSeconds?: number; acquireTime?: string; renewTime?: string; leaseTransitions?: number }
}

const leaseSeconds = 15
const retryMs = 2_000
/** A leader that could not renew for this long stops by itself, before the Lease ends for others. */
const renewWithinMs = 10_000

/**
 * Of several replicas one leads: the holder of a Lease, as Kubernetes' own components do it. Whether another's Lease has ended is judged by when it was
 * last seen to change, on this machine's clock alone, so that clocks need not agree.
 */
export class Leader {
  private readonly options: LeaderOptions
  private readonly path: string
  private timer: NodeJS.Timeout | undefined
  private stopped = false
  private seen = ''
  private seenAt = 0
  private renewedAt = 0
  leads = false

  constructor(options: LeaderOptions) {
    this.options = options
    const [namespace, name] = options.lease.split('/')
    this.path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${name}`
  }

  start(): void {
    void this.turn()
  }

  /** Stops, and lets the Lease go, so that another need not wait for its end. */
  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    if (!this.leads) return
    this.leads = false
    await this.write((lease) => ({ ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 })).catch(() => undefined)
  }

  private async turn(): Promise<void> {
    try {
      await this.try()
    } catch (error) {
      this.options.log.warn({ lease: this.options.lease, error: (error as Error).message }, 'the lease could not be read or written')
    }
    if (this.leads && performance.now() - this.renewedAt > renewWithinMs) this.lose('the lease could not be renewed')
    if (!this.stopped) this.timer = setTimeout(() => void this.turn(), retryMs)
  }

  private async try(): Promise<void> {
    const { identity } = this.options
    const began = performance.now()
    const taken = await this.write(({ spec = {} }) => {
      const holder = spec.holderIdentity ?? ''
      if (JSON.stringify(spec) !== this.seen) {
        this.seen = JSON.stringify(spec)
        this.seenAt = began
      }
      const free = holder === '' || holder === identity || began - this.seenAt > (spec.leaseDurationSeconds ?? leaseSeconds) * 1_000
      if (!free) return undefined
      const now = new Date().toISOString().replace('Z', '000Z')
      const mine = holder === identity
      return {
        ...{ holderIdentity: identity, leaseDurationSeconds: leaseSeconds, renewTime: now },
        acquireTime: mine ? (spec.acquireTime ?? now) : now,
        leaseTransitions: (spec.leaseTransitions ?? 0) + (mine ? 0 : 1),
      }
    })
    if (taken) {
      this.renewedAt = began
      if (!this.leads && !this.stopped) {
        this.leads = true
        this.options.gained()
      }
    } else if (this.leads) this.lose('another replica holds the lease')
  }

  private lose(why: string): void {
    this.leads = false
    this.options.lost(why)
  }

  /** Changes the Lease unless `next` gives nothing; false where somebody else was faster. The version read is the one written over. */
  private async write(next: (lease: Lease) => Lease['spec'] | undefined): Promise<boolean> {
    const { client } = this.options
    const read = await client.send('GET', this.path, undefined, 5_000)
    if (read.status !== 200) throw new Error(`the lease answers ${read.status}`)
    const lease = read.body as Lease
    const spec = next(lease)
    if (!spec) return false
    const { status } = await client.send('PUT', this.path, { ...lease, spec }, 5_000)
    if (status === 409) return false
    if (status !== 200) throw new Error(`the lease takes nothing: ${status}`)
    return true
  }
}
