import type { PickedPod } from './pick.ts'
import type { ChangeEvent } from './view.ts'

/** A pod had an address from one moment to another. Times in epoch ms, as exact as the kubelet tells them: a second. */
export interface IpLease {
  ip: string
  podUid: string
  namespace: string
  pod: string
  node?: string
  /** The address is the node's: whoever else runs in its network has it too. */
  hostNetwork: boolean
  from: number
  /** Absent: the pod has it still. */
  to?: number
}

export interface LeaseChange {
  type: 'leased' | 'released'
  lease: IpLease
}

const earliest = (times: (string | undefined)[]) => Math.min(...times.flatMap((t) => (t ? [Date.parse(t)] : [])))

/**
 * What an event of a pod says about its addresses. `open` are the pod's leases so far, none of them ended. Pure.
 * A pod gives its addresses back when it is gone or all its containers have ended for good, whichever comes first.
 */
export function foldLeases(open: readonly IpLease[], { type, object: pod, at }: ChangeEvent<PickedPod>): { open: IpLease[]; changes: LeaseChange[] } {
  const over = type === 'deleted' || pod.phase === 'Succeeded' || pod.phase === 'Failed'
  const states = pod.containers.flatMap((c) => [c.lastState, c.state])
  const lastEnd = Math.max(...states.flatMap((s) => (s?.finishedAt ? [Date.parse(s.finishedAt)] : [])))
  // The kubelet tells of an end after it: the address may be another's already when we hear. A killed pod says no time; then it is now.
  const to = over && type !== 'deleted' && Number.isFinite(lastEnd) ? Math.min(lastEnd, at) : at
  const changes: LeaseChange[] = []
  const kept: IpLease[] = []
  for (const lease of open) {
    if (!over && pod.ips.includes(lease.ip)) kept.push(lease)
    else changes.push({ type: 'released', lease: { ...lease, to: Math.max(to, lease.from) } })
  }
  if (over) return { open: kept, changes }
  const started = earliest(states.map((s) => s?.startedAt))
  for (const ip of pod.ips) {
    if (kept.some((lease) => lease.ip === ip)) continue
    const lease: IpLease = {
      ip,
      podUid: pod.uid,
      namespace: pod.namespace ?? '',
      pod: pod.name,
      ...(pod.node ? { node: pod.node } : {}),
      hostNetwork: pod.hostNetwork,
      // The first container starts after the address is there; hearing of it comes later still.
      from: open.length === 0 && Number.isFinite(started) ? Math.min(started, at) : at,
    }
    kept.push(lease)
    changes.push({ type: 'leased', lease })
  }
  return { open: kept, changes }
}

export type IpOwner =
  | { by: 'lease'; lease: IpLease }
  /** More than one had it within a second, or it is a node's: never guess. */
  | { by: 'ambiguous'; candidates: IpLease[] }
  | { by: 'unknown' }

/** Whose address it was at a moment (epoch ms). `leases` are those of this address, in any order; `slackMs` is how exact their times are. */
export function ownerAt(leases: readonly IpLease[], at: number, slackMs = 1_000): IpOwner {
  const candidates = leases.filter((lease) => lease.from - slackMs <= at && (lease.to === undefined || at <= lease.to + slackMs))
  const [lease] = candidates
  if (!lease) return { by: 'unknown' }
  return candidates.length > 1 || lease.hostNetwork ? { by: 'ambiguous', candidates } : { by: 'lease', lease }
}
