import { type Kysely, sql } from 'kysely'
import type { Tables } from './schema.ts'

/**
 * Takes or extends the lease `name` for `owner`: true where this owner holds it for the next `seconds`.
 * A job that only one replica may do asks before every round; a replica that dies loses its leases by time alone.
 * The database's clock decides.
 */
export async function holdLease(db: Kysely<Tables>, name: string, owner: string, seconds: number): Promise<boolean> {
  const until = sql<Date>`now() + make_interval(secs => ${seconds})`
  const row = await db
    .insertInto('leases')
    .values({ name, owner, expiresAt: until })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ owner, expiresAt: until })
        .where((where) => where.or([where('leases.owner', '=', owner), where('leases.expiresAt', '<', sql<Date>`now()`)])),
    )
    .returning('owner')
    .executeTakeFirst()
  return row?.owner === owner
}

/** Gives a lease back early, at a clean stop. */
export async function releaseLeases(db: Kysely<Tables>, owner: string): Promise<void> {
  await db.deleteFrom('leases').where('owner', '=', owner).execute()
}
