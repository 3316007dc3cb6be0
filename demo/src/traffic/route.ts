import type { Place, Pod } from '../bank/index.ts'
import type { Context } from './context.ts'
import { inboundOf } from './frames.ts'
import type { Socket } from './logged.ts'
import { natIp, pooledPort, socket } from './network.ts'

/** How a call reaches its target: the pod, and the addresses of the connection between the two proxies. */
export interface Route {
  target: Pod
  upstreamRemote: Socket
  upstreamLocal: Socket
  /** Peer that the target's proxy sees; differs behind an east-west gateway. */
  peer: Socket
}

/** Whether callers tell versions of a service apart (subsets of a destination rule). */
export const versioned = (place: Place, service: string): boolean => new Set(place.behind(service).map((p) => p.workload.version)).size > 1

/** Picks the target: a pod of this cluster, else one of the other cluster through its east-west gateway. */
export function reach(ctx: Context, place: Place, caller: Pod, service: string, at: number): Route {
  const { random } = ctx
  const here = place.behind(service)
  if (here.length > 0) {
    const versions = [...new Map(here.map((p) => [p.workload.name, p.workload])).values()]
    const chosen = random.weighted(versions)
    const target = random.pick(here.filter((p) => p.workload === chosen))
    const local = socket(caller.ip, pooledPort(caller.ip, target.ip, at))
    return { target, upstreamRemote: socket(target.ip, target.workload.port), upstreamLocal: local, peer: local }
  }
  const other = [...ctx.places.values()].find((p) => p !== place && p.behind(service).length > 0)!
  const gateway = other.gateway('eastwestgateway')[0]!
  const target = random.pick(other.behind(service))
  const { port, namespace } = target.workload
  const peer = socket(gateway.ip, pooledPort(gateway.ip, target.ip, at))
  const nat = socket(natIp[place.cluster], pooledPort(caller.ip, other.eastWestIp, at))
  if (random.chance(0.15)) {
    ctx.log({
      ...inboundOf(gateway, nat, 15443, at),
      tcp: true,
      durationUs: random.whole(20_000_000, 90_000_000),
      phases: [],
      upstreamRemote: socket(target.ip, port),
      upstreamLocal: peer,
      upstreamCluster: `outbound_.${port}_._.${service}.${namespace}.svc.cluster.local`,
      reqBytes: Math.round(random.around(9_000)),
      respBytes: Math.round(random.around(7_000)),
    })
  }
  return { target, upstreamRemote: socket(other.eastWestIp, 15443), upstreamLocal: socket(caller.ip, nat.port), peer }
}
