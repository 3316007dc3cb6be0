import type { Operation, Place, Pod } from '../bank/index.ts'
import { policies } from '../bank/index.ts'
import type { Random } from '../random.ts'
import type { Logged, LoggedHttp } from './logged.ts'

/** What goes along with one journey through the bank. */
export interface Context {
  random: Random
  places: ReadonlyMap<string, Place>
  requestId: string
  traceId: string
  userAgent: string
  forwardedFor: string
  ids: Readonly<Record<string, string>>
  log(entry: Logged): void
}

/** How a request ended for whoever made it. */
export interface Outcome {
  endUs: number
  ok: boolean
}

export function newContext(random: Random, places: ReadonlyMap<string, Place>, log: (entry: Logged) => void, userAgent: string, forwardedFor = ''): Context {
  const ids = {
    account: `DE${random.whole(10, 99)}7005${String(random.whole(0, 99_999)).padStart(14, '0')}`,
    customer: `c-${random.whole(100_000, 139_999)}`,
    month: `2026-${String(random.whole(1, 12)).padStart(2, '0')}`,
  }
  return { random, places, requestId: random.uuid(), traceId: random.hex(32), userAgent, forwardedFor, ids, log }
}

/** Path of one call: ids in the places for them, and now and then a query string. */
export function pathOf(ctx: Context, operation: Operation): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => ctx.ids[name] ?? name)
  if (operation.path === '/search') return `${path}?name=${ctx.random.hex(8)}&born=19${ctx.random.whole(40, 99)}`
  if (operation.key.endsWith('.transactions')) return `${path}?page=${ctx.random.whole(1, 4)}&size=50`
  return path
}

/** The parts of an HTTP entry that both sides of a call see alike. */
export function httpOf(ctx: Context, operation: Operation, host: string, path: string, spanId: string): LoggedHttp {
  const grpc = operation.protocol === 'grpc'
  return {
    version: grpc ? 2 : 1,
    method: operation.method,
    scheme: 'http',
    host,
    path,
    userAgent: ctx.userAgent,
    forwardedFor: ctx.forwardedFor,
    requestId: ctx.requestId,
    traceparent: `00-${ctx.traceId}-${spanId}-01`,
    contentType: grpc ? 'application/grpc' : operation.method === 'GET' ? '' : 'application/json',
    status: 200,
    grpcStatus: grpc ? 0 : -1,
    details: 'via_upstream',
  }
}

/** What the target's authorization policies say about a caller: undefined where no policy names the service. */
export function decide(caller: Pod, service: string): { denied: boolean; rbac: NonNullable<Logged['rbac']> } | undefined {
  const enforced = policies.find((p) => p.service === service && !p.dryRun)
  const shadow = policies.find((p) => p.service === service && p.dryRun)
  if (!enforced && !shadow) return undefined
  const may = (p: (typeof policies)[number]) => (p.allow as readonly string[]).includes(caller.workload.service)
  const id = (p: (typeof policies)[number]) => (may(p) ? `ns[${p.namespace}]-policy[${p.name}]-rule[0]` : '')
  const denied = enforced !== undefined && !may(enforced)
  return {
    denied,
    rbac: {
      policy: enforced ? id(enforced) : '',
      decision: enforced ? (denied ? 'denied' : 'allowed') : '',
      shadowPolicy: shadow ? id(shadow) : '',
      shadowDecision: shadow ? (may(shadow) ? 'allowed' : 'denied') : '',
    },
  }
}
