import { type ApiToken, type GrantableScope, PanoptesError } from '@panoptes/contract'
import { newId, type State } from '../platform/state/index.ts'
import { isoOf, maybeIso, pageOf } from './page.ts'
import { hashSecret, newSecret, prefixOf } from './secret.ts'

type Db = State['db']

function tokens(db: Db) {
  return db
    .selectFrom('apiTokens')
    .innerJoin('users', 'users.id', 'apiTokens.userId')
    .select(['apiTokens.id', 'apiTokens.userId', 'apiTokens.name', 'apiTokens.prefix', 'apiTokens.scopes', 'users.email as userEmail'])
    .select(['apiTokens.createdAt', 'apiTokens.expiresAt', 'apiTokens.lastUsedAt'])
}
type Row = Awaited<ReturnType<ReturnType<typeof tokens>['executeTakeFirstOrThrow']>>

function tokenOf(row: Row): ApiToken {
  const scopes = row.scopes.split(' ') as GrantableScope[]
  return { ...row, scopes, createdAt: isoOf(row.createdAt), expiresAt: maybeIso(row.expiresAt), lastUsedAt: maybeIso(row.lastUsedAt) }
}

export interface NewToken {
  userId: string
  name: string
  scopes: readonly GrantableScope[]
  expiresAt?: Date | undefined
}

/** Makes an API token; its secret is only in this answer. */
export async function createToken(db: Db, wanted: NewToken): Promise<{ token: ApiToken; secret: string }> {
  const secret = newSecret('pan')
  const id = newId()
  await db
    .insertInto('apiTokens')
    .values({
      id,
      userId: wanted.userId,
      name: wanted.name,
      prefix: prefixOf(secret),
      secretHash: hashSecret(secret),
      scopes: [...new Set(wanted.scopes)].join(' '),
      expiresAt: wanted.expiresAt ?? null,
    })
    .execute()
  return { token: tokenOf(await tokens(db).where('apiTokens.id', '=', id).executeTakeFirstOrThrow()), secret }
}

/** Tokens of one user, or of all users of the organization. */
export async function listTokens(
  db: Db,
  org: string,
  query: { limit: number; cursor?: string | undefined; userId?: string | undefined },
): Promise<{ tokens: ApiToken[]; next: string | null }> {
  let select = tokens(db).where('users.org', '=', org)
  if (query.userId !== undefined) select = select.where('apiTokens.userId', '=', query.userId)
  if (query.cursor !== undefined) select = select.where('apiTokens.id', '<', query.cursor)
  const found = await select
    .orderBy('apiTokens.id', 'desc')
    .limit(query.limit + 1)
    .execute()
  const { rows, next } = pageOf(found, query.limit)
  return { tokens: rows.map(tokenOf), next }
}

/** Throws PAN0007 where the organization (or the user, if named) has no such token. */
export async function deleteToken(db: Db, org: string, id: string, userId?: string): Promise<ApiToken> {
  let select = tokens(db).where('users.org', '=', org).where('apiTokens.id', '=', id)
  if (userId !== undefined) select = select.where('apiTokens.userId', '=', userId)
  const row = await select.executeTakeFirst()
  if (!row) throw new PanoptesError('PAN0007', `there is no token ${id}`)
  await db.deleteFrom('apiTokens').where('id', '=', id).execute()
  return tokenOf(row)
}
