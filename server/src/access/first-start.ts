import { randomBytes } from 'node:crypto'
import type { State } from '../platform/state/index.ts'
import { auditSystem, homeOrganization } from './audit.ts'
import { createOrganization } from './people.ts'

export const firstAdministrator = 'admin@panoptes.local'

/** A key that all replicas share, made at the first start. */
export async function sharedSecret(db: State['db'], name: string): Promise<string> {
  await db
    .insertInto('secrets')
    .values({ name, value: randomBytes(32).toString('base64url') })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
  const row = await db.selectFrom('secrets').select('value').where('name', '=', name).executeTakeFirstOrThrow()
  return row.value
}

/** Makes the first organization and its administrator where there is none: true at the first start only. */
export async function ensureAdministrator(db: State['db']): Promise<boolean> {
  const home = await db.selectFrom('organizations').select('id').where('id', '=', homeOrganization).executeTakeFirst()
  if (home) return false
  try {
    const made = await createOrganization(db, { id: homeOrganization, name: 'Main', email: firstAdministrator, adminName: 'Administrator' })
    await auditSystem(db, 'firstStart', { target: `user/${made.user.id}`, after: { email: made.user.email, role: made.user.role } })
    return true
  } catch (error) {
    // Another replica was quicker.
    if ((error as { code?: string }).code === '23505') return false
    throw error
  }
}

/** The e-mail of an administrator who may sign in: the first one made. */
export async function administratorEmail(db: State['db']): Promise<string> {
  const row = await db
    .selectFrom('users')
    .select('email')
    .where('org', '=', homeOrganization)
    .where('role', '=', 'admin')
    .where('disabled', '=', false)
    .orderBy('id')
    .executeTakeFirstOrThrow()
  return row.email
}
