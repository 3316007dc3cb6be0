import { randomBytes } from 'node:crypto'
import { type Enrolled, type Enrolment, type EnrolmentToken, PanoptesError } from '@panoptes/contract'
import { newId, type State } from '../platform/state/index.ts'
import { raiseAlarm } from './alarms.ts'
import { isoOf, maybeIso, pageOf } from './page.ts'
import { hashSecret, newSecret, prefixOf } from './secret.ts'

type Db = State['db']

function tokens(db: Db) {
  return db
    .selectFrom('enrolmentTokens')
    .select(['id', 'cluster', 'origin', 'prefix', 'createdBy', 'createdAt', 'expiresAt', 'usedAt', 'usedFrom', 'revokedAt'])
}
type Row = Awaited<ReturnType<ReturnType<typeof tokens>['executeTakeFirstOrThrow']>>

function tokenOf({ revokedAt, ...row }: Row): EnrolmentToken {
  const state = row.usedAt ? 'used' : revokedAt ? 'revoked' : row.expiresAt < new Date() ? 'expired' : 'open'
  return { ...row, createdAt: isoOf(row.createdAt), expiresAt: isoOf(row.expiresAt), usedAt: maybeIso(row.usedAt), state }
}

export interface NewEnrolmentToken {
  org: string
  cluster: string
  origin: 'user' | 'demo'
  createdBy: string
  expiresInMinutes: number
}

/** Makes a token that enrols one controller, once; its secret is only in this answer. */
export async function createEnrolmentToken(db: Db, wanted: NewEnrolmentToken): Promise<{ token: EnrolmentToken; secret: string }> {
  const { expiresInMinutes, ...rest } = wanted
  const secret = newSecret('pae')
  const id = newId()
  const expiresAt = new Date(Date.now() + expiresInMinutes * 60_000)
  await db
    .insertInto('enrolmentTokens')
    .values({ id, ...rest, prefix: prefixOf(secret), secretHash: hashSecret(secret), expiresAt, usedFrom: null, controllerId: null })
    .execute()
  return { token: tokenOf(await tokens(db).where('id', '=', id).executeTakeFirstOrThrow()), secret }
}

export async function listEnrolmentTokens(
  db: Db,
  org: string,
  query: { limit: number; cursor?: string | undefined },
): Promise<{ tokens: EnrolmentToken[]; next: string | null }> {
  let select = tokens(db).where('org', '=', org)
  if (query.cursor !== undefined) select = select.where('id', '<', query.cursor)
  const found = await select
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute()
  const { rows, next } = pageOf(found, query.limit)
  return { tokens: rows.map(tokenOf), next }
}

/** Throws PAN0007 where there is no such token that was not used. */
export async function revokeEnrolmentToken(db: Db, org: string, id: string): Promise<void> {
  const row = await db
    .updateTable('enrolmentTokens')
    .set({ revokedAt: new Date() })
    .where('org', '=', org)
    .where('id', '=', id)
    .where('usedAt', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (!row) throw new PanoptesError('PAN0007', `there is no enrolment token ${id} that was not used`)
}

/** Exchanges a token for a controller and its key. Throws PAN0106; a second use also raises an alarm. */
export async function enrol(db: Db, input: Enrolment, address: string): Promise<Enrolled & { origin: 'user' | 'demo' }> {
  const secretHash = hashSecret(input.token)
  const id = `${input.name}-${randomBytes(4).toString('hex')}`
  const taken = await db
    .updateTable('enrolmentTokens')
    .set({ usedAt: new Date(), usedFrom: address, controllerId: id })
    .where('secretHash', '=', secretHash)
    .where('usedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', new Date())
    .returning(['org', 'cluster', 'origin'])
    .executeTakeFirst()
  if (!taken) {
    await alarmOfSecondUse(db, secretHash, input, address)
    throw new PanoptesError('PAN0106', 'this enrolment token was used, has expired or was revoked')
  }
  const key = newSecret('pac')
  await db
    .insertInto('controllers')
    .values({
      id,
      ...taken,
      name: input.name,
      instance: input.instance,
      keyHash: hashSecret(key),
      nextKeyHash: null,
      version: null,
      address,
      process: null,
      previousProcess: null,
      refusedProcess: null,
    })
    .execute()
  return { controller: id, key, cluster: taken.cluster, org: taken.org, origin: taken.origin }
}

async function alarmOfSecondUse(db: Db, secretHash: string, input: Enrolment, address: string): Promise<void> {
  const used = await db.selectFrom('enrolmentTokens').selectAll().where('secretHash', '=', secretHash).where('usedAt', 'is not', null).executeTakeFirst()
  if (!used) return
  await raiseAlarm(db, {
    org: used.org,
    key: `second-use/${used.id}`,
    severity: 'critical',
    code: 'PAN0106',
    title: 'Enrolment token used twice',
    detail:
      `The token ${used.prefix}… for cluster ${used.cluster} enrolled ${used.controllerId} from ${used.usedFrom}, and was tried again by ` +
      `"${input.name}" from ${address}. If that was not you, the token was stolen: check which of the two is yours and revoke the other.`,
    target: `controller/${used.controllerId}`,
  })
}
