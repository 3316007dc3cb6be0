/** What attribution needs to know of a lease; times in epoch ms, as exact as the kubelet tells them: a second. */
export interface AddressLease {
  podUid: string
  namespace: string
  sa: string
  /** The address is a node's: whoever else runs in its network has it too, and what the node forwards may bear it. */
  hostNetwork: boolean
  /** Containers with the ports they declare: `app:8080/9090,istio-proxy`. */
  ports: string
  from: number
  /** Absent: has it still. */
  to?: number
}

/** One end of an access as its raw columns tell it. */
export interface AccessEnd {
  /** Begin of the access, epoch ms. */
  at: number
  /** Port of the end, where it is the server's; 0 = the client's, which says nothing. */
  port: number
  /** SPIFFE id that a certificate proved; empty = none. */
  spiffe: string
}

export type Attribution<L extends AddressLease> = { by: 'kubernetes'; lease: L; container: string } | { by: 'ambiguous' } | undefined

/** How exact the times of leases are, ms. */
export const leaseSlackMs = 1_000

/** The leases of an address that may hold at a moment, given those of this address in any order. */
export function ownersAt<L extends Pick<AddressLease, 'from' | 'to'>>(leases: readonly L[], at: number, slackMs = leaseSlackMs): L[] {
  return leases.filter((lease) => lease.from - slackMs <= at && (lease.to === undefined || at <= lease.to + slackMs))
}

/**
 * Whose an end of an access was, from the leases of its address. Never a guess: two owners within a second, a node's address, or a certificate of another
 * account than the owner's make it ambiguous. Undefined where nobody is known to have had the address. Controller and server both decide by this.
 */
export function attribute<L extends AddressLease>(leases: readonly L[], { at, port, spiffe }: AccessEnd): Attribution<L> {
  const [lease, ...others] = ownersAt(leases, at)
  if (!lease) return undefined
  if (others.some((other) => other.podUid !== lease.podUid) || lease.hostNetwork || contradicts(spiffe, lease)) return { by: 'ambiguous' }
  return { by: 'kubernetes', lease, container: containerOf(lease.ports, port) }
}

function contradicts(spiffe: string, { namespace, sa }: AddressLease): boolean {
  const [, ns, account] = /\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(spiffe) ?? []
  return ns !== undefined && (ns !== namespace || (sa !== '' && account !== sa))
}

/** Not what users mean by the container of a pod, unless nothing else is there. */
const helpers = new Set(['istio-proxy', 'linkerd-proxy'])

/** The container that declares a port; without such a one the only container there is; else empty. */
export function containerOf(ports: string, port: number): string {
  const containers = ports.split(',').map((part) => {
    const [name = '', list = ''] = part.split(':')
    return { name, ports: list.split('/') }
  })
  const declared = port > 0 ? containers.find((c) => c.ports.includes(String(port))) : undefined
  if (declared) return declared.name
  const own = containers.filter(({ name }) => !helpers.has(name))
  return own.length === 1 ? own[0]!.name : ''
}
