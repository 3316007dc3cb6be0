import type { Heartbeat } from '@panoptes/contract'
import { silentAfterS } from '../access/index.ts'
import type { State } from '../platform/state/index.ts'

/** A controller with the newest thing it said about itself. */
export interface Reporter {
  id: string
  name: string
  cluster: string
  origin: 'user' | 'demo'
  lastSeenAt: Date | null
  heartbeat: Heartbeat | undefined
}

export async function listReporters(db: State['db'], org: string): Promise<Reporter[]> {
  const rows = await db
    .selectFrom('controllers')
    .leftJoin('heartbeats', 'heartbeats.controllerId', 'controllers.id')
    .select(['controllers.id', 'controllers.name', 'controllers.cluster', 'controllers.origin', 'controllers.lastSeenAt', 'heartbeats.body'])
    .where('controllers.org', '=', org)
    .where('controllers.revokedAt', 'is', null)
    .orderBy('controllers.id')
    .execute()
  return rows.map(({ body, ...row }) => ({ ...row, heartbeat: (body ?? undefined) as Heartbeat | undefined }))
}

/** Controllers of the user's clusters that are away: since when nobody has heard of them. */
export async function listAbsences(db: State['db'], org: string): Promise<{ controller: string; cluster: string; since: Date }[]> {
  const reporters = await listReporters(db, org)
  return reporters.flatMap((reporter) => {
    const { id: controller, cluster, origin, lastSeenAt: since } = reporter
    return origin === 'user' && since && isSilent(reporter) ? [{ controller, cluster, since }] : []
  })
}

/** True where the controller has not spoken for a minute. */
export function isSilent(reporter: Reporter, now = Date.now()): boolean {
  return reporter.lastSeenAt === null || now - reporter.lastSeenAt.getTime() > silentAfterS * 1000
}
