import type { AddressLease } from '@panoptes/contract/ingest'
import type { IpLease } from '../watch/index.ts'

/** A lease with what is written beside an access whose address it was. */
export interface PodLease extends AddressLease {
  pod: string
  workload: string
  node: string
}

/** Addresses that were given back are remembered for accesses that come late. */
const rememberMs = 15 * 60_000
const none: readonly PodLease[] = []

/** Who has, and lately had, which address. */
export class AddressBook {
  private readonly leases = new Map<string, PodLease[]>()
  private released: { ip: string; lease: PodLease }[] = []
  /** Rises with each change. */
  version = 0

  leased({ ip, from, to, hostNetwork, podUid, namespace, pod, node = '' }: IpLease, more: Pick<PodLease, 'workload' | 'sa' | 'ports'>): void {
    const all = this.leases.get(ip) ?? []
    all.push({ ...{ podUid, namespace, pod, node, hostNetwork, from }, ...more, ...(to === undefined ? {} : { to }) })
    this.leases.set(ip, all)
    this.version++
  }

  releasedBy({ ip, podUid, from, to }: IpLease): void {
    const lease = this.leases.get(ip)?.find((l) => l.podUid === podUid && l.from === from)
    if (!lease || to === undefined) return
    lease.to = to
    this.released.push({ ip, lease })
    this.version++
  }

  /** All leases of an address that are remembered. */
  of(ip: string): readonly PodLease[] {
    return this.leases.get(ip) ?? none
  }

  /** Forgets what was given back long ago; to be called now and then. */
  prune(now: number): void {
    const old = this.released.filter(({ lease }) => lease.to! < now - rememberMs)
    if (old.length === 0) return
    this.released = this.released.filter(({ lease }) => lease.to! >= now - rememberMs)
    for (const { ip, lease } of old) {
      const rest = this.of(ip).filter((l) => l !== lease)
      if (rest.length > 0) this.leases.set(ip, rest)
      else this.leases.delete(ip)
    }
    this.version++
  }
}
