import { PanoptesError } from '@panoptes/contract'
import { sql } from 'kysely'
import type { State } from '../platform/state/index.ts'

/** Attempts allowed per window. Replicas share the count, since it is in the state store. */
export interface Limit {
  key: string
  most: number
}
const windowS = 300

/** Counts one attempt against each limit. Throws PAN0104 with the seconds to wait once one is used up. */
export async function countAttempt(db: State['db'], limits: readonly Limit[]): Promise<void> {
  for (const { key, most } of limits) {
    const ends = sql<Date>`now() + make_interval(secs => ${windowS})`
    const row = await db
      .insertInto('attempts')
      .values({ key, count: 1, endsAt: ends })
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet({
          count: sql<number>`case when attempts.ends_at < now() then 1 else attempts.count + 1 end`,
          endsAt: sql<Date>`case when attempts.ends_at < now() then ${ends} else attempts.ends_at end`,
        }),
      )
      .returning(['count', sql<number>`extract(epoch from ends_at - now())::float8`.as('leftS')])
      .executeTakeFirstOrThrow()
    if (row.count <= most) continue
    const retryAfterS = Math.max(1, Math.ceil(row.leftS))
    throw new PanoptesError('PAN0104', `too many attempts; try again in ${retryAfterS} s`, { retryAfterS })
  }
}

/** Forgets the attempts of a key, after a success. */
export async function forgetAttempts(db: State['db'], key: string): Promise<void> {
  await db.deleteFrom('attempts').where('key', '=', key).execute()
}

/** Removes what has run out, so that the table does not grow. */
export async function sweepAttempts(db: State['db']): Promise<void> {
  await db.deleteFrom('attempts').where('endsAt', '<', sql<Date>`now()`).execute()
}
