import { PanoptesError, roleScopes, type Scope } from '@panoptes/contract'
import type { FastifyRequest } from 'fastify'
import { type Authenticate, type Principal, requireSameSite } from '../platform/http/index.ts'
import type { State } from '../platform/state/index.ts'
import { hashSecret } from './secret.ts'
import type { SignIn } from './sign-in.ts'

type Db = State['db']
/** How long a principal may be remembered, in ms: the longest time a revocation in another replica takes to work here. */
const rememberMs = 2_000
const seenEveryMs = 60_000

/** Makes the function that finds out who sent a request; `forget` makes a revocation work at once. */
export function createAuthenticate(db: Db, signIn: SignIn): { authenticate: Authenticate; forget: () => void } {
  const remembered = new Map<string, { principal: Principal; until: number }>()

  async function remember(key: string, find: () => Promise<Principal>): Promise<Principal> {
    const known = remembered.get(key)
    const now = Date.now()
    if (known && known.until > now && (known.principal.expiresAt ?? now + 1) > now) return known.principal
    const principal = await find()
    if (remembered.size > 10_000) remembered.clear()
    remembered.set(key, { principal, until: now + rememberMs })
    return principal
  }

  const authenticate: Authenticate = async (request) => {
    const bearer = bearerOf(request)
    if (bearer === undefined) {
      const { cookie } = request.headers
      if (!cookie?.includes('panoptes.session_token=')) throw new PanoptesError('PAN0101', 'no credential was sent')
      requireSameSite(request)
      return remember(`cookie ${cookie}`, () => byCookie(db, signIn, cookie))
    }
    const hash = hashSecret(bearer)
    // Keys of controllers are asked for every time: two places that use one must notice at once.
    if (bearer.startsWith('pac_')) return byControllerKey(db, hash)
    return remember(hash, () => byApiToken(db, hash))
  }
  return { authenticate, forget: () => remembered.clear() }
}

function bearerOf(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers
  if (authorization === undefined) return undefined
  const [scheme, secret] = authorization.split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || !secret) throw new PanoptesError('PAN0101', 'the Authorization header must be: Bearer …')
  return secret
}

async function byCookie(db: Db, signIn: SignIn, cookie: string): Promise<Principal> {
  const session = await signIn.session(new Headers({ cookie }))
  const user = session && (await db.selectFrom('users').selectAll().where('id', '=', session.userId).executeTakeFirst())
  if (!session || !user || user.disabled) throw new PanoptesError('PAN0102', 'the session has ended')
  await touchUser(db, user.id, user.lastSeenAt)
  const { id, org, name } = user
  const scopes = new Set<Scope>(roleScopes[user.role])
  return { kind: 'user', id, userId: id, name, org, scopes, sessionId: session.id, expiresAt: session.expiresAt.getTime() }
}

async function byApiToken(db: Db, hash: string): Promise<Principal> {
  const token = await db
    .selectFrom('apiTokens')
    .innerJoin('users', 'users.id', 'apiTokens.userId')
    .select(['apiTokens.id', 'apiTokens.name', 'apiTokens.scopes', 'apiTokens.expiresAt', 'apiTokens.lastUsedAt'])
    .select(['users.id as userId', 'users.email', 'users.org', 'users.role', 'users.disabled', 'users.lastSeenAt'])
    .where('apiTokens.secretHash', '=', hash)
    .executeTakeFirst()
  if (!token || token.disabled) throw new PanoptesError('PAN0102', 'the token is not known: it was revoked, or never made here')
  if (token.expiresAt && token.expiresAt <= new Date()) throw new PanoptesError('PAN0102', `the token expired at ${token.expiresAt.toISOString()}`)
  if (!token.lastUsedAt || Date.now() - token.lastUsedAt.getTime() > seenEveryMs) {
    await db.updateTable('apiTokens').set({ lastUsedAt: new Date() }).where('id', '=', token.id).execute()
  }
  await touchUser(db, token.userId, token.lastSeenAt)
  const { id, userId, org, email } = token
  // A token never holds more than its user does now.
  const held = new Set<string>(roleScopes[token.role])
  const scopes = new Set(token.scopes.split(' ').filter((scope) => held.has(scope)) as Scope[])
  return { kind: 'token', id, userId, name: `${token.name} of ${email}`, org, scopes, ...(token.expiresAt ? { expiresAt: token.expiresAt.getTime() } : {}) }
}

async function byControllerKey(db: Db, hash: string): Promise<Principal> {
  const found = await db
    .selectFrom('controllers')
    .select(['id', 'name', 'org', 'cluster', 'origin', 'nextKeyHash', 'revokedAt'])
    .where((where) => where.or([where('keyHash', '=', hash), where('nextKeyHash', '=', hash)]))
    .executeTakeFirst()
  if (!found || found.revokedAt) throw new PanoptesError('PAN0102', 'the controller key is not known: it was revoked or replaced')
  if (found.nextKeyHash === hash) {
    // The new key was used: from here on the old one is void.
    await db
      .updateTable('controllers')
      .set({ keyHash: hash, nextKeyHash: null, rotationRequestedAt: null, keyRotatedAt: new Date() })
      .where('id', '=', found.id)
      .execute()
  }
  const { id, org, cluster, origin } = found
  return { kind: 'controller', id, name: `controller ${id}`, org, cluster, origin, scopes: new Set<Scope>(['controller']) }
}

async function touchUser(db: Db, id: string, lastSeenAt: Date | null): Promise<void> {
  if (lastSeenAt && Date.now() - lastSeenAt.getTime() < seenEveryMs) return
  await db.updateTable('users').set({ lastSeenAt: new Date() }).where('id', '=', id).execute()
}
