import { askers, type Journey, operationOf, type Place, spiffeOf } from '../bank/index.ts'
import type { Random } from '../random.ts'
import { type Context, httpOf, newContext, pathOf } from './context.ts'
import { inboundOf } from './frames.ts'
import type { Logged } from './logged.ts'
import { pooledPort, socket, wayUs } from './network.ts'
import { serveFrom } from './request.ts'

/** Somebody outside asks the bank: the ingress gateway's entry and all that follows behind it. */
export function enter(random: Random, places: Context['places'], place: Place, journey: Journey, at: number, log: (entry: Logged) => void): void {
  const asker = askers[journey.from as keyof typeof askers]
  const clientIp = journey.from === 'partner' ? `198.51.100.${random.whole(10, 14)}` : `203.0.113.${random.whole(128, 254)}`
  const ctx = newContext(random, places, log, random.pick(asker.agents), clientIp)
  const operation = operationOf(journey.to)
  const gateway = random.pick(place.gateway('ingressgateway'))
  const peer = socket(clientIp, random.whole(1_025, 65_000))
  const http = { ...httpOf(ctx, operation, asker.host, pathOf(ctx, operation), random.hex(16)), scheme: 'https', version: 2 as const }
  const target = random.pick(place.behind(operation.service))
  const { service, namespace, port } = target.workload
  const authority = `${service}.${namespace}.svc.cluster.local`
  const upstreamLocal = socket(gateway.ip, pooledPort(gateway.ip, target.ip, at))
  const entry: Logged = {
    ...inboundOf(gateway, peer, gateway.workload.port, at),
    side: 'outbound',
    upstreamRemote: socket(target.ip, port),
    upstreamLocal,
    upstreamCluster: `outbound|${port}||${authority}`,
    upstreamPeer: spiffeOf(target),
    route: service,
    tls: { sni: asker.host, local: '', peer: '' },
    http,
    reqBytes: operation.reqBytes && Math.round(random.around(operation.reqBytes)),
    respBytes: 0,
  }
  if (random.chance(0.004)) {
    // Somebody who tries addresses that nobody offers.
    const path = random.pick(['/.env', '/wp-login.php', '/admin', '/actuator/heapdump', '/.git/config'])
    Object.assign(entry, {
      upstreamRemote: undefined,
      upstreamLocal: undefined,
      upstreamCluster: '',
      upstreamPeer: undefined,
      route: '',
      attempts: 0,
      flags: ['NR'],
      durationUs: random.whole(40, 300),
      phases: [],
    })
    entry.http = { ...http, method: 'GET', path, status: 404, details: 'route_not_found', userAgent: 'curl/8.5.0' }
    log(entry)
    return
  }
  const way = wayUs(random, gateway, target)
  const sni = `outbound_.${port}_._.${authority}`
  const impatient = random.chance(0.003)
  serveFrom(ctx, gateway, { target, peer: upstreamLocal }, operation, http, sni, entry, at + random.whole(80, 260) + way, way, impatient)
}
