import { randomBytes } from 'node:crypto'
import { type Controller, type Heartbeat, type HeartbeatAnswer, PanoptesError, type SessionRequest } from '@panoptes/contract'
import { sql } from 'kysely'
import type { Principal } from '../platform/http/index.ts'
import type { State } from '../platform/state/index.ts'
import { raiseAlarm } from './alarms.ts'
import { isoOf, maybeIso, pageOf } from './page.ts'
import { hashSecret, newSecret } from './secret.ts'

type Db = State['db']
/** A controller that has not spoken for this long is silent, in seconds. It speaks every five. */
export const silentAfterS = 60

function controllers(db: Db) {
  return db.selectFrom('controllers').selectAll()
}
type Row = Awaited<ReturnType<ReturnType<typeof controllers>['executeTakeFirstOrThrow']>>

export function controllerOf(row: Row): Controller {
  const { id, name, cluster, origin, version, address } = row
  const heard = row.lastSeenAt !== null && Date.now() - row.lastSeenAt.getTime() < silentAfterS * 1000
  return {
    ...{ id, name, cluster, origin, version, address },
    state: row.revokedAt ? 'revoked' : row.lastSeenAt === null ? 'never' : heard ? 'active' : 'silent',
    instance: row.sessionHash ? row.instance : null,
    enrolledAt: isoOf(row.enrolledAt),
    lastSeenAt: maybeIso(row.lastSeenAt),
    keyRotatedAt: maybeIso(row.keyRotatedAt),
    rotationPending: row.rotationRequestedAt !== null,
  }
}

/** Throws PAN0007 where the organization has no such controller. */
export async function getController(db: Db, org: string, id: string): Promise<Controller> {
  const row = await controllers(db).where('org', '=', org).where('id', '=', id).executeTakeFirst()
  if (!row) throw new PanoptesError('PAN0007', `there is no controller ${id}`)
  return controllerOf(row)
}

export async function listControllers(
  db: Db,
  org: string,
  query: { limit: number; cursor?: string | undefined },
): Promise<{ controllers: Controller[]; next: string | null }> {
  let select = controllers(db).where('org', '=', org)
  if (query.cursor !== undefined) select = select.where('id', '>', query.cursor)
  const found = await select
    .orderBy('id')
    .limit(query.limit + 1)
    .execute()
  const { rows, next } = pageOf(found, query.limit)
  return { controllers: rows.map(controllerOf), next }
}

/** Has the controller be given a new key with its next heartbeat. */
export async function requestRotation(db: Db, org: string, id: string): Promise<Controller> {
  await getController(db, org, id)
  await db.updateTable('controllers').set({ rotationRequestedAt: new Date() }).where('id', '=', id).where('revokedAt', 'is', null).execute()
  return getController(db, org, id)
}

/** Revokes the key of a controller; the record of what it has said stays. */
export async function revokeController(db: Db, org: string, id: string): Promise<Controller> {
  const before = await getController(db, org, id)
  await db.updateTable('controllers').set({ revokedAt: sql<Date>`coalesce(revoked_at, now())` }).where('id', '=', id).execute()
  return before
}

/**
 * Opens the session of a controller: its ticket must be the one of the session before (or, when that answer was lost, the
 * server must know `next` already). Anything else means that the same key is used from two places: PAN0107 and an alarm.
 */
export async function openSession(db: Db, principal: Principal, input: SessionRequest, address: string): Promise<{ session: string }> {
  const outcome = await db.transaction().execute(async (tx) => {
    const row = await controllers(tx).where('id', '=', principal.id).forUpdate().executeTakeFirstOrThrow()
    const ticket = input.ticket === '' ? '' : hashSecret(input.ticket)
    const next = hashSecret(input.next)
    if (row.instance !== input.instance || (row.ticketHash !== ticket && row.ticketHash !== next)) return { row }
    const session = randomBytes(24).toString('base64url')
    const { version } = input
    const now = new Date()
    await tx
      .updateTable('controllers')
      .set({ ticketHash: next, sessionHash: hashSecret(session), sessionAt: now, lastSeenAt: now, version, address })
      .where('id', '=', row.id)
      .execute()
    return { session }
  })
  if (outcome.session !== undefined) return { session: outcome.session }
  const { row } = outcome
  const here = `instance ${row.instance} from ${row.address ?? 'an unknown address'}, last heard ${maybeIso(row.lastSeenAt) ?? 'never'}`
  const there = `instance ${input.instance} from ${address}`
  await raiseAlarm(db, {
    org: row.org,
    key: `copied-key/${row.id}`,
    severity: 'critical',
    code: 'PAN0107',
    title: 'Controller key used from two places',
    detail: `The key of controller ${row.id} (cluster ${row.cluster}) is used by ${here}, and by ${there}. One of them is a copy: rotate or revoke the key.`,
    target: `controller/${row.id}`,
  })
  throw new PanoptesError('PAN0107', `the key of ${row.id} is in use by ${here}`, { controller: row.id })
}

/** Throws PAN0107 unless `session` is the newest one of the controller. */
export async function requireSession(db: Db, principal: Principal, session: string | undefined): Promise<void> {
  const row = await db.selectFrom('controllers').select('sessionHash').where('id', '=', principal.id).executeTakeFirst()
  if (session && row?.sessionHash === hashSecret(session)) return
  throw new PanoptesError('PAN0107', 'this session is not the newest one of the controller: open another', { controller: principal.id })
}

/** Keeps what a controller says about itself. The answer carries a new key while a rotation is asked for. */
export async function heartbeat(db: Db, principal: Principal, body: Heartbeat, address: string): Promise<HeartbeatAnswer> {
  const now = new Date()
  const key = newSecret('pac')
  const row = await db
    .updateTable('controllers')
    .set({
      lastSeenAt: now,
      version: body.version,
      address,
      // A lost answer is no harm: the next heartbeat gets another key, and the old one works until the new one was used.
      nextKeyHash: sql<string | null>`case when rotation_requested_at is null then null else ${hashSecret(key)} end`,
    })
    .where('id', '=', principal.id)
    .returning('rotationRequestedAt')
    .executeTakeFirstOrThrow()
  const text = JSON.stringify(body)
  await db
    .insertInto('heartbeats')
    .values({ controllerId: principal.id, at: now, body: text })
    .onConflict((conflict) => conflict.column('controllerId').doUpdateSet({ at: now, body: text }))
    .execute()
  return { now: isoOf(now), ...(row.rotationRequestedAt ? { key } : {}) }
}
