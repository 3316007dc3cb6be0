import { type Operation, operationOf, type Pod, spiffeOf } from '../bank/index.ts'
import { type Context, decide, httpOf, type Outcome, pathOf } from './context.ts'
import { leave } from './egress.ts'
import { inboundOf, outboundOf } from './frames.ts'
import type { Logged, LoggedHttp } from './logged.ts'
import { phasesOf, wayUs } from './network.ts'
import { type Route, reach, versioned } from './route.ts'

/** One call of a pod to an operation of the bank or beyond: both sides' entries, those of all calls it leads to, and its end. */
export function request(ctx: Context, caller: Pod, operation: Operation, at: number): Outcome {
  if (operation.external) return leave(ctx, caller, operation, at)
  const { random } = ctx
  const place = ctx.places.get(caller.cluster)!
  const route = reach(ctx, place, caller, operation.service, at)
  const { target } = route
  const { port, namespace, service } = target.workload
  const version = versioned(place, service) ? target.workload.version : ''
  const authority = `${service}.${namespace}.svc.cluster.local`
  const http = httpOf(ctx, operation, `${service}.${namespace}:${port}`, pathOf(ctx, operation), random.hex(16))
  const cluster = `outbound|${port}|${version}|${authority}`

  const client: Logged = {
    ...outboundOf(caller, place.serviceIp(service), port, at, random.whole(33_000, 60_000)),
    upstreamRemote: route.upstreamRemote,
    upstreamLocal: route.upstreamLocal,
    upstreamCluster: cluster,
    upstreamPeer: spiffeOf(target),
    route: 'default',
    http,
    reqBytes: operation.reqBytes && Math.round(random.around(operation.reqBytes)),
    respBytes: 0,
  }
  const sent = at + random.whole(60, 200)
  if (random.chance(0.0008)) return finish(ctx, client, sent + random.whole(300, 2_000), refused(http))

  const sni = `outbound_.${port}_.${version || '_'}_.${authority}`
  const way = wayUs(random, caller, target)
  let served = serve(ctx, caller, route, operation, http, sni, client.reqBytes, sent + way)
  if (served.failed && served.entry.http!.status === 503 && random.chance(0.7)) {
    // Istio's own retry: a second attempt, which the server sees as a request of its own.
    ctx.log(served.entry)
    client.attempts = 2
    served = serve(ctx, caller, route, operation, http, sni, client.reqBytes, served.endUs + way + random.whole(5_000, 25_000))
  }
  const end = served.endUs + way
  const limit = at + operation.timeoutMs * 1000
  if (end > limit) {
    cut(served.entry, Math.max(limit + way - served.entry.startUs, 1))
    ctx.log(served.entry)
    return finish(ctx, client, limit, { ...gatewayError(http, 504), details: 'response_timeout' }, ['UT'])
  }
  ctx.log(served.entry)
  client.respBytes = served.entry.respBytes
  const { status, grpcStatus } = served.entry.http!
  return finish(ctx, client, end, { ...http, status, grpcStatus, details: 'via_upstream' }, [], served.failed)
}

/** The target's side: policy, work, the calls it makes in between, and its entry (not yet logged). */
function serve(
  ctx: Context,
  caller: Pod,
  route: Pick<Route, 'target' | 'peer'>,
  operation: Operation,
  http: LoggedHttp,
  sni: string,
  reqBytes: number,
  at: number,
) {
  const { random } = ctx
  const { target } = route
  const { port } = target.workload
  const verdict = decide(caller, operation.service)
  const entry: Logged = {
    ...inboundOf(target, route.peer, port, at),
    tls: { sni, local: spiffeOf(target), peer: spiffeOf(caller) },
    rbac: verdict?.rbac,
    http: { ...http, scheme: 'https' },
    reqBytes,
    respBytes: 0,
  }
  if (verdict?.denied) {
    const answer = http.grpcStatus >= 0 ? { status: 200, grpcStatus: 7 } : { status: 403 }
    entry.http = { ...entry.http!, ...answer, details: 'rbac_access_denied_matched_policy[none]' }
    entry.upstreamRemote = undefined
    entry.upstreamLocal = undefined
    entry.upstreamCluster = ''
    entry.attempts = 0
    entry.respBytes = http.grpcStatus >= 0 ? 0 : 19
    return seal(ctx, entry, at + random.whole(60, 220), true)
  }
  const workUs = random.around(operation.ms, operation.spread) * 1000 * target.node.slowness
  let now = at + Math.round(workUs * 0.35)
  let broken = false
  for (const call of operation.calls) {
    if (broken || !random.chance(call.chance)) continue
    const outcome = request(ctx, target, operationOf(call.to), now)
    now = outcome.endUs
    broken = !outcome.ok && random.chance(0.6)
  }
  const own = random.rare(operation.failures)
  if (broken) entry.http = { ...entry.http!, ...(http.grpcStatus >= 0 ? { grpcStatus: 13 } : { status: random.pick([500, 502]) }) }
  else if (own) entry.http = { ...entry.http!, ...(http.grpcStatus >= 0 ? { grpcStatus: own } : { status: own }) }
  else if (http.grpcStatus < 0 && random.chance(0.0006)) entry.http = { ...entry.http!, status: 503 }
  else entry.respBytes = operation.respBytes && Math.round(random.around(operation.respBytes, 0.5))
  if (entry.http!.method === 'POST' && entry.http!.status === 200 && /create|open|send/.test(operation.key)) entry.http = { ...entry.http!, status: 201 }
  const { status, grpcStatus } = entry.http!
  // Not signed in (gRPC 16) is an answer that callers expect, not a failure.
  return seal(ctx, entry, now + Math.round(workUs * 0.65), status >= 500 || (grpcStatus > 0 && grpcStatus !== 16))
}

/**
 * The way in from a gateway: the target's side as `serve` has it, and the gateway's own entry around it. An impatient
 * client goes away before the answer: both proxies see no status and the flag DC.
 */
export function serveFrom(
  ctx: Context,
  gateway: Pod,
  route: Pick<Route, 'target' | 'peer'>,
  operation: Operation,
  http: LoggedHttp,
  sni: string,
  entry: Logged,
  at: number,
  way: number,
  impatient: boolean,
): void {
  const served = serve(ctx, gateway, route, operation, http, sni, entry.reqBytes, at)
  if (impatient) {
    const share = ctx.random.next()
    cut(served.entry, Math.max(1, Math.floor(served.entry.durationUs * share) - 1))
    entry.durationUs = served.entry.startUs + served.entry.durationUs - entry.startUs
    entry.phases = phasesOf(ctx.random, entry.durationUs, true).map((p, i) => (i < 3 ? p : 0))
    entry.http = { ...http, status: 0, details: 'downstream_remote_disconnect' }
    entry.flags = ['DC']
    ctx.log(served.entry)
    ctx.log(entry)
    return
  }
  ctx.log(served.entry)
  entry.respBytes = served.entry.respBytes
  finish(ctx, entry, served.endUs + way, { ...http, status: served.entry.http!.status }, [], served.failed)
}

function seal(ctx: Context, entry: Logged, endUs: number, failed: boolean) {
  entry.durationUs = Math.max(1, endUs - entry.startUs)
  entry.phases = phasesOf(ctx.random, entry.durationUs, entry.upstreamRemote !== undefined)
  return { entry, endUs, failed }
}

/** Writes the caller's entry; answers how it went. */
function finish(ctx: Context, client: Logged, endUs: number, http: LoggedHttp, flags: readonly string[] = flagsOf(http), failed = true): Outcome {
  client.http = http
  client.flags = flags
  client.durationUs = Math.max(1, endUs - client.startUs)
  client.phases = phasesOf(ctx.random, client.durationUs, client.upstreamRemote !== undefined)
  if (http.details.includes('connection_failure')) {
    client.failure = 'delayed_connect_error:_Connection_refused'
    client.upstreamLocal = undefined
    client.upstreamPeer = undefined
    client.attempts = 3
  }
  ctx.log(client)
  return { endUs, ok: !failed }
}

const flagsOf = (http: LoggedHttp): string[] => (http.details.includes('connection_failure') ? ['UF', 'URX'] : [])

function refused(http: LoggedHttp): LoggedHttp {
  return { ...gatewayError(http, 503), details: 'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}' }
}

/** What a proxy answers by itself: gRPC callers get it as status 14. */
function gatewayError(http: LoggedHttp, status: number): LoggedHttp {
  return http.grpcStatus >= 0 ? { ...http, status: 200, grpcStatus: 14 } : { ...http, status }
}

/** The caller gave up: the target's proxy sees a closed stream and no answer. */
function cut(entry: Logged, durationUs: number): void {
  if (entry.durationUs <= durationUs) return
  entry.durationUs = durationUs
  entry.phases = entry.phases.map((p, i) => (i < 3 ? Math.min(p, durationUs) : 0))
  entry.http = { ...entry.http!, status: 0, grpcStatus: -1, details: 'downstream_remote_disconnect' }
  entry.flags = ['DC']
  entry.respBytes = 0
}
