import { type Controller, type Heartbeat, type HeartbeatAnswer, PanoptesError } from '@panoptes/contract'
import { sql } from 'kysely'
import type { Principal } from '../platform/http/index.ts'
import type { State } from '../platform/state/index.ts'
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
