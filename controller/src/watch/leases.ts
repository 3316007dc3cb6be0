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

/** What has addresses: a pod, or a node. */
export type Addressed = Pick<PickedPod, 'uid' | 'name' | 'namespace' | 'node' | 'ips' | 'hostNetwork' | 'phase' | 'startedAt' | 'deletedAt' | 'containers'>

export interface LeaseChange {
  type: 'leased' | 'released'
  lease: IpLease
}

const earliest = (times: (string | undefined)[]) => Math.min(...times.flatMap((t) => (t ? [Date.parse(t)] : [])))

/**
 * What an event of a pod says about its addresses. `open` are the pod's leases so far, none of them ended. Pure.
 * A pod gives its addresses back when it is gone or all its containers have ended for good, whichever comes first.
 */
export function foldLeases(
  open: readonly IpLease[],
  { type, object: pod, at }: Pick<ChangeEvent<Addressed>, 'type' | 'object' | 'at'>,
): { open: IpLease[]; changes: LeaseChange[] } {
  const over = type === 'deleted' || pod.phase === 'Succeeded' || pod.phase === 'Failed'
  const states = pod.containers.flatMap((c) => [c.lastState, c.state])
  // Only where each has ended for good: an evicted pod may still tell of a restart long ago.
  const now = pod.containers.flatMap((c) => (c.state ? [c.state] : []))
  const lastEnd = now.every((s) => s.phase === 'terminated') ? Math.max(...now.flatMap((s) => (s.finishedAt ? [Date.parse(s.finishedAt)] : []))) : Number.NaN
  // The kubelet tells of an end after it: the address may be another's already when we hear. A pod that was deleted outright says when. Both tell whole seconds: it was the end of them at the latest.
  const deleted = pod.deletedAt ? Date.parse(pod.deletedAt) + 1_000 : at
  const to = Math.min(at, type === 'deleted' ? deleted : Number.isFinite(lastEnd) ? lastEnd + 1_000 : at)
  const changes: LeaseChange[] = []
  const kept: IpLease[] = []
  for (const lease of open) {
    if (!over && pod.ips.includes(lease.ip)) kept.push(lease)
    else changes.push({ type: 'released', lease: { ...lease, to: Math.max(to, lease.from) } })
  }
  if (over) return { open: kept, changes }
  // What lives in its node's network has the address from its own begin.
  const started = earliest([...states.map((s) => s?.startedAt), ...(pod.hostNetwork ? [pod.startedAt] : [])])
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
