import type { AuditEntry } from '@panoptes/contract'
import type { FastifyRequest } from 'fastify'
import type { Change, Principal } from '../platform/http/index.ts'
import type { State, Tables } from '../platform/state/index.ts'
import { isoOf } from './page.ts'

type Flat = NonNullable<AuditEntry['before']>
export const homeOrganization = 'main'

/** Dotted names to plain values, without secrets: `{retention: {days: 3}}` is `{'retention.days': 3}`. */
export function flatten(value: object | undefined, prefix = ''): Flat {
  const flat: Flat = {}
  for (const [key, part] of Object.entries(value ?? {})) {
    const name = `${prefix}${key}`
    if (/password|secret|token$/i.test(key) && typeof part === 'string') flat[name] = '(secret)'
    else if (part === null || typeof part === 'string' || typeof part === 'number' || typeof part === 'boolean') flat[name] = part
    else if (part instanceof Date) flat[name] = part.toISOString()
    else if (Array.isArray(part)) flat[name] = part.map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item)))
    else if (typeof part === 'object') Object.assign(flat, flatten(part, `${name}.`))
  }
  return flat
}

/** Writes one entry for a request that changed, or would have changed, something. */
export async function auditRequest(
  db: State['db'],
  request: FastifyRequest,
  change: Change | undefined,
  outcome: { status: number; code: string | null },
): Promise<void> {
  const route = request.routeOptions.config.route
  const { principal } = request
  const named = Object.values((request.params ?? {}) as Record<string, string>).join('/')
  await db
    .insertInto('audit')
    .values({
      org: change?.org ?? (principal.org || homeOrganization),
      ...actorOf(principal),
      action: route?.operationId ?? request.method,
      target: change?.target ?? (named || (route?.path ?? request.url)),
      before: change?.before ? JSON.stringify(flatten(change.before)) : null,
      after: change?.after ? JSON.stringify(flatten(change.after)) : null,
      result: outcome.status < 400 ? 'done' : outcome.status < 500 ? 'refused' : 'failed',
      code: outcome.code,
      address: request.ip,
      userAgent: (request.headers['user-agent'] ?? '').slice(0, 300),
      requestId: request.id,
    })
    .execute()
}

/** Writes one entry for what the server did by itself. */
export async function auditSystem(db: State['db'], action: string, change: Change): Promise<void> {
  await db
    .insertInto('audit')
    .values({
      org: change.org ?? homeOrganization,
      actorKind: 'system',
      actorId: null,
      actorName: 'the server',
      action,
      target: change.target,
      before: change.before ? JSON.stringify(flatten(change.before)) : null,
      after: change.after ? JSON.stringify(flatten(change.after)) : null,
      result: 'done',
      code: null,
      address: 'this machine',
      userAgent: '',
      requestId: '',
    })
    .execute()
}

function actorOf(principal: Principal): Pick<Tables['audit'], 'actorKind' | 'actorId' | 'actorName'> {
  return { actorKind: principal.kind, actorId: principal.id || null, actorName: principal.name }
}

export interface AuditQuery {
  limit: number
  cursor?: string | undefined
  from?: string | undefined
  to?: string | undefined
  actor?: string | undefined
  action?: string | undefined
  target?: string | undefined
  result?: 'done' | 'refused' | 'failed' | undefined
}

/** Entries of an organization, newest first. */
export async function listAudit(db: State['db'], org: string, query: AuditQuery): Promise<{ entries: AuditEntry[]; next: string | null }> {
  let select = db.selectFrom('audit').selectAll().where('org', '=', org)
  if (query.cursor !== undefined && /^\d+$/.test(query.cursor)) select = select.where('id', '<', Number(query.cursor))
  if (query.from !== undefined) select = select.where('at', '>=', new Date(query.from))
  if (query.to !== undefined) select = select.where('at', '<', new Date(query.to))
  const { actor, target } = query
  if (actor !== undefined) select = select.where((where) => where.or([where('actorId', '=', actor), where('actorName', '=', actor)]))
  if (query.action !== undefined) select = select.where('action', '=', query.action)
  if (target !== undefined) select = select.where((where) => where(where.fn<string>('left', ['target', where.val(target.length)]), '=', target))
  if (query.result !== undefined) select = select.where('result', '=', query.result)
  const rows = await select
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute()
  const entries = rows.slice(0, query.limit).map((row) => ({
    id: String(row.id),
    at: isoOf(row.at),
    actor: { kind: row.actorKind, id: row.actorId, name: row.actorName },
    action: row.action,
    target: row.target,
    before: row.before,
    after: row.after,
    result: row.result,
    code: row.code,
    from: row.address,
    userAgent: row.userAgent,
    requestId: row.requestId,
  }))
  return { entries, next: rows.length > query.limit ? (entries.at(-1)?.id ?? null) : null }
}
