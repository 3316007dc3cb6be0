import { type Organization, PanoptesError, type Role, type User } from '@panoptes/contract'
import { sql } from 'kysely'
import { newId, type State } from '../platform/state/index.ts'
import { isoOf, maybeIso, pageOf } from './page.ts'

type Db = State['db']

function users(db: Db) {
  return db
    .selectFrom('users')
    .select(['id', 'email', 'name', 'role', 'org', 'disabled', 'createdAt', 'lastSeenAt'])
    .select((column) =>
      column
        .exists(column.selectFrom('accounts').select('accounts.id').whereRef('accounts.userId', '=', 'users.id').where('accounts.password', 'is not', null))
        .as('hasPassword'),
    )
}
type Row = Awaited<ReturnType<ReturnType<typeof users>['executeTakeFirstOrThrow']>>

function userOf({ org, createdAt, lastSeenAt, hasPassword, ...row }: Row): User {
  return { ...row, organization: org, hasPassword: Boolean(hasPassword), createdAt: isoOf(createdAt), lastSeenAt: maybeIso(lastSeenAt) }
}

/** Throws PAN0007 where the organization has no such user. */
export async function getUser(db: Db, org: string, id: string): Promise<User> {
  const row = await users(db).where('org', '=', org).where('id', '=', id).executeTakeFirst()
  if (!row) throw new PanoptesError('PAN0007', `there is no user ${id}`)
  return userOf(row)
}

export async function findUserByEmail(db: Db, email: string): Promise<User | undefined> {
  const row = await users(db).where('email', '=', email.toLowerCase()).executeTakeFirst()
  return row && userOf(row)
}

export async function listUsers(
  db: Db,
  org: string,
  query: { limit: number; cursor?: string | undefined; text?: string | undefined },
): Promise<{ users: User[]; next: string | null }> {
  let select = users(db).where('org', '=', org)
  if (query.cursor !== undefined) select = select.where('id', '<', query.cursor)
  if (query.text) select = select.where(sql<boolean>`position(lower(${query.text}) in lower(name || ' ' || email)) > 0`)
  const found = await select
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute()
  const { rows, next } = pageOf(found, query.limit)
  return { users: rows.map(userOf), next }
}

/** Throws PAN0008 where the e-mail is taken. */
export async function createUser(db: Db, org: string, user: { email: string; name: string; role: Role }): Promise<User> {
  const id = newId()
  const made = await db
    .insertInto('users')
    .values({ id, org, name: user.name, role: user.role, email: user.email.toLowerCase(), emailVerified: true })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!made) throw new PanoptesError('PAN0008', `a user with the e-mail ${user.email} exists`)
  return getUser(db, org, id)
}

export interface UserChange {
  email?: string | undefined
  name?: string | undefined
  role?: Role | undefined
  disabled?: boolean | undefined
}

/** Throws PAN0007, PAN0008 where the e-mail is taken or the last administrator would be gone. */
export async function updateUser(db: Db, org: string, id: string, change: UserChange): Promise<{ before: User; after: User }> {
  const before = await getUser(db, org, id)
  if (change.email && change.email.toLowerCase() !== before.email && (await findUserByEmail(db, change.email))) {
    throw new PanoptesError('PAN0008', `a user with the e-mail ${change.email} exists`)
  }
  await db.transaction().execute(async (tx) => {
    const email = change.email?.toLowerCase()
    const { role, name, disabled } = change
    await tx
      .updateTable('users')
      .set({ ...(email && { email }), ...(name && { name }), ...(role && { role }), ...(disabled !== undefined && { disabled }), updatedAt: new Date() })
      .where('id', '=', id)
      .execute()
    if (disabled || (role && role !== before.role)) await tx.deleteFrom('sessions').where('userId', '=', id).execute()
    await requireAdministrator(tx, org)
  })
  return { before, after: await getUser(db, org, id) }
}

/** Throws PAN0007, PAN0008 where it is the last administrator. */
export async function deleteUser(db: Db, org: string, id: string): Promise<User> {
  const user = await getUser(db, org, id)
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom('users').where('id', '=', id).execute()
    await requireAdministrator(tx, org)
  })
  return user
}

async function requireAdministrator(db: Db, org: string): Promise<void> {
  const left = await db.selectFrom('users').select('id').where('org', '=', org).where('role', '=', 'admin').where('disabled', '=', false).limit(1).execute()
  if (left.length === 0) throw new PanoptesError('PAN0008', 'an organization keeps at least one administrator who may sign in')
}

export async function getOrganization(db: Db, id: string): Promise<Organization> {
  const row = await db.selectFrom('organizations').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new PanoptesError('PAN0007', `there is no organization ${id}`)
  return { ...row, createdAt: isoOf(row.createdAt) }
}

/** All organizations for the first one's people, else one's own. */
export async function listOrganizations(
  db: Db,
  only: string | undefined,
  query: { limit: number; cursor?: string | undefined },
): Promise<{ organizations: Organization[]; next: string | null }> {
  let select = db.selectFrom('organizations').selectAll()
  if (only !== undefined) select = select.where('id', '=', only)
  if (query.cursor !== undefined) select = select.where('id', '<', query.cursor)
  const found = await select
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute()
  const { rows, next } = pageOf(found, query.limit)
  return { organizations: rows.map((row) => ({ ...row, createdAt: isoOf(row.createdAt) })), next }
}

/** Creates an organization with its first administrator, or neither. Throws PAN0008 where the e-mail is taken. */
export async function createOrganization(
  db: Db,
  wanted: { id?: string; name: string; email: string; adminName: string },
): Promise<{ organization: Organization; user: User }> {
  return db.transaction().execute(async (tx) => {
    const id = wanted.id ?? newId()
    await tx.insertInto('organizations').values({ id, name: wanted.name }).execute()
    const user = await createUser(tx, id, { email: wanted.email, name: wanted.adminName, role: 'admin' })
    return { organization: await getOrganization(tx, id), user }
  })
}
