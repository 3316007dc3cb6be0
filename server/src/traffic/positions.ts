import type { trafficRoutes } from '@panoptes/contract'
import { sql } from 'kysely'
import type { z } from 'zod'
import type { TrafficDb } from './tables.ts'

export type Position = z.infer<typeof trafficRoutes.NodePosition>

/** Where the nodes of an organization's map stand, for all its readers. */
export async function listPositions(db: TrafficDb, org: string): Promise<Position[]> {
  return db.selectFrom('mapPositions').select(['node as id', 'x', 'y', 'pinned']).where('org', '=', org).orderBy('node').execute()
}

/** Changes whenever the places of an organization's nodes do: asking it is cheaper than reading thousands of them. */
export async function placesStamp(db: TrafficDb, org: string): Promise<string> {
  const row = await db
    .selectFrom('mapPositions')
    .select(({ fn, ref }) => [
      fn.countAll().as('count'),
      fn.max('updatedAt').as('at'),
      // Weighed by name: two nodes that change places, within one millisecond of a clock, are seen too.
      ...(['x', 'y'] as const).map((axis) => sql<number>`sum(${ref(axis)} * hashtext(${ref('node')}))`.as(axis)),
    ])
    .where('org', '=', org)
    .executeTakeFirstOrThrow()
  return JSON.stringify(row)
}

/** Keeps positions; nodes that are not named stay where they are. */
export async function keepPositions(db: TrafficDb, org: string, positions: readonly Position[]): Promise<number> {
  const byId = new Map(positions.map((position) => [position.id, position]))
  const rows = [...byId.values()].map(({ id, x, y, pinned }) => ({ org, node: id, x, y, pinned, updatedAt: new Date() }))
  // A statement takes 65,535 parameters at most.
  for (let i = 0; i < rows.length; i += 5_000) {
    await db
      .insertInto('mapPositions')
      .values(rows.slice(i, i + 5_000))
      .onConflict((conflict) =>
        conflict.columns(['org', 'node']).doUpdateSet((excluded) => ({
          x: excluded.ref('excluded.x'),
          y: excluded.ref('excluded.y'),
          pinned: excluded.ref('excluded.pinned'),
          updatedAt: excluded.ref('excluded.updatedAt'),
        })),
      )
      .execute()
  }
  return rows.length
}
