import { connections, type Place, spiffeOf } from '../bank/index.ts'
import type { Random } from '../random.ts'
import type { Context } from './context.ts'
import { newContext } from './context.ts'
import { inboundOf, outboundOf } from './frames.ts'
import type { Logged } from './logged.ts'
import { socket, wayUs } from './network.ts'
import { reach } from './route.ts'

/** TCP connections that begin within one second in a cluster: databases, caches and Kafka. Longest: five minutes. */
export function connect(random: Random, places: Context['places'], place: Place, level: number, at: number, log: (entry: Logged) => void): void {
  for (const line of connections) {
    for (const caller of place.behind(line.from)) {
      for (let n = random.poisson((line.perMinute / 60) * level); n > 0; n--) {
        const begin = at + random.whole(0, 999_999)
        const ctx = newContext(random, places, log, '')
        const route = reach(ctx, place, caller, line.to, begin)
        const { target } = route
        const { port, namespace } = target.workload
        const authority = `${line.to}.${namespace}.svc.cluster.local`
        // A connection of its own: its port is not shared with pooled ones.
        const own = random.whole(33_000, 60_000)
        const through = route.peer.ip !== caller.ip
        const peer = through ? { ...route.peer, port: own } : socket(caller.ip, own)
        const durationUs = Math.min(300_000_000, Math.round(random.around(line.seconds, 0.7) * 1_000_000))
        const way = wayUs(random, caller, target)
        const size = { reqBytes: Math.round(random.around(line.sent, 0.8)), respBytes: Math.round(random.around(line.received, 0.8)) }
        const reset = random.chance(0.01)
        log({
          ...outboundOf(caller, place.serviceIp(line.to), port, begin, random.whole(33_000, 60_000)),
          tcp: true,
          durationUs: durationUs + 2 * way,
          upstreamRemote: route.upstreamRemote,
          upstreamLocal: socket(caller.ip, through ? route.upstreamLocal.port : own),
          upstreamCluster: `outbound|${port}||${authority}`,
          upstreamPeer: spiffeOf(target),
          route: '',
          flags: reset ? ['UC'] : [],
          ...size,
        })
        log({
          ...inboundOf(target, peer, port, begin + way),
          tcp: true,
          durationUs,
          route: '',
          tls: { sni: `outbound_.${port}_._.${authority}`, local: spiffeOf(target), peer: spiffeOf(caller) },
          ...size,
        })
      }
    }
  }
}
