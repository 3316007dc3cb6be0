import { type External, externals, type Operation, type Pod, spiffeOf } from '../bank/index.ts'
import { type Context, httpOf, type Outcome, pathOf } from './context.ts'
import { inboundOf, outboundOf } from './frames.ts'
import type { Logged } from './logged.ts'
import { phasesOf, pooledPort, socket, wayUs } from './network.ts'

/**
 * A call to a service beyond the bank's walls: through the egress gateway where it is declared, straight out
 * (PassthroughCluster) where nobody declared it.
 */
export function leave(ctx: Context, caller: Pod, operation: Operation, at: number): Outcome {
  const host = operation.external!
  return host === 'paste.bin.example' ? straight(ctx, caller, operation, host, at) : throughGateway(ctx, caller, operation, host, at)
}

function straight(ctx: Context, caller: Pod, operation: Operation, host: External, at: number): Outcome {
  const { random } = ctx
  const ip = externals[host]
  const entry: Logged = {
    ...outboundOf(caller, ip, 80, at, random.whole(33_000, 60_000)),
    upstreamRemote: socket(ip, 80),
    upstreamLocal: socket(caller.ip, pooledPort(caller.ip, ip, at)),
    upstreamCluster: 'PassthroughCluster',
    route: 'allow_any',
    http: { ...httpOf(ctx, operation, host, pathOf(ctx, operation), random.hex(16)), userAgent: 'python-requests/2.32.4' },
    reqBytes: Math.round(random.around(operation.reqBytes)),
    respBytes: operation.respBytes,
  }
  return close(ctx, entry, at + Math.round(random.around(operation.ms) * 1000))
}

function throughGateway(ctx: Context, caller: Pod, operation: Operation, host: External, at: number): Outcome {
  const { random } = ctx
  const place = ctx.places.get(caller.cluster)!
  const gateway = random.pick(place.gateway('egressgateway'))
  const { port, namespace } = gateway.workload
  const authority = `egressgateway.${namespace}.svc.cluster.local`
  const http = httpOf(ctx, operation, host, pathOf(ctx, operation), random.hex(16))
  const local = socket(caller.ip, pooledPort(caller.ip, gateway.ip, at))
  const reqBytes = operation.reqBytes && Math.round(random.around(operation.reqBytes))
  const way = wayUs(random, caller, gateway)
  const client: Logged = {
    ...outboundOf(caller, externals[host], 80, at, random.whole(33_000, 60_000)),
    upstreamRemote: socket(gateway.ip, port),
    upstreamLocal: local,
    upstreamCluster: `outbound|${port}||${authority}`,
    upstreamPeer: spiffeOf(gateway),
    route: `to-${host}`,
    http,
    reqBytes,
    respBytes: 0,
  }
  const arrived = at + random.whole(60, 200) + way
  const out: Logged = {
    ...inboundOf(gateway, local, port, arrived),
    side: 'outbound',
    upstreamRemote: socket(externals[host], 443),
    upstreamLocal: socket(gateway.ip, pooledPort(gateway.ip, externals[host], at)),
    upstreamCluster: `outbound|443||${host}`,
    route: `to-${host}`,
    tls: { sni: `outbound_.${port}_._.${authority}`, local: spiffeOf(gateway), peer: spiffeOf(caller) },
    http: { ...http, scheme: 'https' },
    reqBytes,
    respBytes: 0,
  }
  const answeredMs = random.around(operation.ms, operation.spread)
  if (answeredMs > operation.timeoutMs) {
    const status = { status: 504, details: 'response_timeout' }
    out.http = { ...out.http!, ...status }
    out.flags = ['UT']
    client.http = { ...http, status: 504 }
    const end = close(ctx, out, arrived + operation.timeoutMs * 1000).endUs
    return close(ctx, client, end + way)
  }
  const failure = random.rare(operation.failures)
  out.http = { ...out.http!, status: failure || (operation.key.endsWith(' send') ? 202 : 200) }
  client.http = { ...http, status: out.http.status }
  out.respBytes = failure || !operation.respBytes ? 0 : Math.round(random.around(operation.respBytes))
  client.respBytes = out.respBytes
  const end = close(ctx, out, arrived + Math.round(answeredMs * 1000)).endUs
  return close(ctx, client, end + way)
}

function close(ctx: Context, entry: Logged, endUs: number): Outcome {
  entry.durationUs = Math.max(1, endUs - entry.startUs)
  entry.phases = phasesOf(ctx.random, entry.durationUs, true)
  ctx.log(entry)
  return { endUs, ok: (entry.http?.status ?? 0) < 500 }
}
