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

/** A controller is behind with so many batches of which the oldest is so old; fewer, or younger ones, are always under way. */
const behind = { batches: 40, ms: 30_000 }

/** Controllers of the user's clusters that are away, since when nobody has heard of them, or behind, since when their batches wait. */
export async function listAbsences(db: State['db'], org: string): Promise<{ controller: string; cluster: string; since: Date; waiting?: number }[]> {
  const reporters = await listReporters(db, org)
  return reporters.flatMap((reporter) => {
    const { id: controller, cluster, origin, lastSeenAt: seen, heartbeat } = reporter
    if (origin !== 'user' || !seen) return []
    if (isSilent(reporter)) return [{ controller, cluster, since: seen }]
    const { batches: waiting = 0, oldest } = heartbeat?.spool ?? {}
    const since = oldest ? new Date(oldest) : seen
    return waiting >= behind.batches && seen.getTime() - since.getTime() >= behind.ms ? [{ controller, cluster, since, waiting }] : []
  })
}

/** True where the controller has not spoken for a minute. */
export function isSilent(reporter: Reporter, now = Date.now()): boolean {
  return reporter.lastSeenAt === null || now - reporter.lastSeenAt.getTime() > silentAfterS * 1000
}
