import { PanoptesError, parseQuery, type trafficRoutes } from '@panoptes/contract'
import type { Selectable } from 'kysely'
import type { z } from 'zod'
import type { Principal } from '../platform/http/index.ts'
import { resolveMoment } from '../platform/http/index.ts'
import { newId } from '../platform/state/index.ts'
import type { TrafficDb, TrafficTables } from './tables.ts'

export type SavedSearch = z.infer<typeof trafficRoutes.SavedSearch>
type Input = Pick<SavedSearch, 'name' | 'query' | 'from' | 'to' | 'fields' | 'shared'>

function answer(row: Selectable<TrafficTables['savedSearches']>): SavedSearch {
  return {
    id: row.id,
    name: row.name,
    query: row.query,
    from: row.fromMoment,
    to: row.toMoment,
    fields: row.fields ? row.fields.split(',') : [],
    shared: row.shared,
    owner: row.ownerName,
    createdAt: row.createdAt.toISOString(),
  }
}

/** One's own searches and the shared ones of the organization, by name. */
export async function listSearches(db: TrafficDb, principal: Principal): Promise<SavedSearch[]> {
  const rows = await db
    .selectFrom('savedSearches')
    .selectAll()
    .where('org', '=', principal.org)
    .where((or) => or.or([or('shared', '=', true), or('ownerId', '=', ownerOf(principal))]))
    .orderBy('name')
    .orderBy('id')
    .execute()
  return rows.map(answer)
}

/** Keeps a search. Throws PAN0201 or PAN0003 where it could never run. */
export async function createSearch(db: TrafficDb, principal: Principal, input: Input): Promise<SavedSearch> {
  parseQuery(input.query)
  resolveMoment(input.from, Date.now(), 'from')
  resolveMoment(input.to, Date.now(), 'to')
  const row = await db
    .insertInto('savedSearches')
    .values({
      id: newId(),
      org: principal.org,
      ownerId: ownerOf(principal),
      ownerName: principal.name,
      name: input.name,
      query: input.query,
      fromMoment: input.from,
      toMoment: input.to,
      fields: input.fields.join(','),
      shared: input.shared,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return answer(row)
}

/** Forgets one of one's own searches. Throws PAN0007 for any other. */
export async function deleteSearch(db: TrafficDb, principal: Principal, id: string): Promise<void> {
  const deleted = await db
    .deleteFrom('savedSearches')
    .where('id', '=', id)
    .where('org', '=', principal.org)
    .where('ownerId', '=', ownerOf(principal))
    .returning('id')
    .execute()
  if (deleted.length === 0) throw new PanoptesError('PAN0007', `there is no saved search ${id} of yours`)
}

/** A person keeps theirs whether they ask by browser or by token. */
function ownerOf(principal: Principal): string {
  return principal.userId ?? principal.id
}
