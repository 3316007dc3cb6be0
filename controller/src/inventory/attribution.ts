import { attribute } from '@panoptes/contract/ingest'
import { type Interner, InternerFull, type Rows, S, writeUuid } from '../batch/index.ts'
import type { AddressBook, PodLease } from './addresses.ts'

export interface AttributionOptions {
  addresses: AddressBook
  /** Whether all news of a moment (epoch ms) has come by now. */
  passed: (at: number) => boolean
  /** Name of the cluster that this controller reports; empty before it is known. */
  cluster: () => string
}

/**
 * Writes beside the addresses of accesses whose they were at that moment: pod, container, workload, node. Addresses, identities and times stay as they
 * came. What a proxy says of itself stays too: only its container and node are added.
 */
export class Attribution {
  private readonly options: AttributionOptions
  /** Leases by the interner's id of the address, as long as neither changes. */
  private memo = new Map<number, readonly PodLease[]>()
  private generation = -1
  private version = -1

  constructor(options: AttributionOptions) {
    this.options = options
  }

  /** Goes over rows that are about to leave. */
  finish(rows: Rows, interner: Interner): void {
    const { addresses } = this.options
    if (this.generation !== interner.generation || this.version !== addresses.version) {
      this.memo.clear()
      this.generation = interner.generation
      this.version = addresses.version
    }
    try {
      this.go(rows, interner)
    } catch (error) {
      // What is left stays as it came: it can be recomputed at any time.
      if (!(error instanceof InternerFull)) throw error
    }
  }

  private go({ words, count, layout }: Rows, interner: Interner): void {
    for (let i = 0, w = 0; i < count; i++, w += layout.width) {
      this.end(words, w, S.src, 0, interner)
      this.end(words, w, S.dst, words[w + S.dst.port]!, interner)
    }
  }

  private end(words: Uint32Array, w: number, side: typeof S.src, port: number, interner: Interner): void {
    const leases = this.leasesOf(words[w + side.ip]!, interner)
    if (leases.length === 0) return
    const at = (words[w + S.ts + 1]! * 4_294_967_296 + words[w + S.ts]!) / 1000
    const by = interner.text(words[w + side.by]!)
    const found = attribute(leases, { at, port, spiffe: interner.text(words[w + side.spiffe]!) })
    if (!found) return
    const put = (column: number, text: string) => {
      words[w + column] = interner.of(text)
    }
    // A proxy that names no pod stands outside of Kubernetes, as far as it knows.
    const own = by === 'node' && words[w + side.pod] !== 0
    if (found.by === 'ambiguous') {
      // The proxy of that very pod spoke: nothing is ambiguous about it.
      if (own) return
      for (const column of [side.pod, side.workload, side.container, side.node]) words[w + column] = 0
      words.fill(0, w + side.podUid, w + side.podUid + 4)
      put(side.by, 'ambiguous')
      return
    }
    const { lease, container } = found
    if (own && interner.text(words[w + side.pod]!) !== lease.pod) return
    writeUuid(words, w + side.podUid, lease.podUid)
    put(side.container, container)
    put(side.node, lease.node)
    if (own) return
    put(side.namespace, lease.namespace)
    put(side.workload, lease.workload)
    put(side.pod, lease.pod)
    if (words[w + side.sa] === 0) put(side.sa, lease.sa)
    if (words[w + side.cluster] === 0) put(side.cluster, this.options.cluster())
    const duration = (words[w + S.duration + 1]! * 4_294_967_296 + words[w + S.duration]!) / 1000
    put(side.by, this.options.passed(at + duration) ? 'kubernetes' : 'provisional')
  }

  private leasesOf(address: number, interner: Interner): readonly PodLease[] {
    if (address === 0) return []
    let leases = this.memo.get(address)
    if (!leases) {
      leases = this.options.addresses.of(interner.text(address).replace(/^::ffff:/, ''))
      this.memo.set(address, leases)
    }
    return leases
  }
}
