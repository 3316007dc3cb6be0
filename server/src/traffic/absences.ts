import type { Completeness } from '@panoptes/contract'
import type { Gap } from './completeness.ts'

/** A controller that no longer speaks, or one that is sending what it has kept: what its proxies did since is not known here, or not all of it. */
export interface Absence {
  controller: string
  cluster: string
  since: Date
  /** Batches that wait to be sent, of a controller that speaks. */
  waiting?: number
}

/** Controllers of an organization that are away or behind now. */
export type Absences = (org: string) => Promise<Absence[]>

interface Span {
  fromUs: number
  toUs: number
}

/** Those of a window that reaches beyond what the controller has sent. */
export function within(absences: readonly Absence[], { toUs }: Span, cluster?: string): Absence[] {
  return absences.filter((absence) => absence.since.getTime() * 1000 < toUs && (!cluster || absence.cluster === cluster))
}

/** As holes: they close where the controller comes back with what it has kept. */
export function gapsOf(absences: readonly Absence[], { fromUs, toUs }: Span): Gap[] {
  return absences.map(({ controller, cluster, since, waiting }) => ({
    ...{ controller, cluster, proxy: '', stream: 'accesses', reason: waiting === undefined ? 'controller-away' : 'controller-behind', missed: null },
    from: new Date(Math.max(since.getTime(), fromUs / 1000)).toISOString(),
    to: new Date(toUs / 1000).toISOString(),
    detail:
      waiting === undefined
        ? `the controller has not spoken since ${since.toISOString()}; what it has kept comes when it is back`
        : `the controller is sending what it has kept since ${since.toISOString()}: ${waiting} batches wait`,
  }))
}

/** A window in which a controller is away cannot be called complete, and what one that is behind will send is not missing yet. */
export function unsure(mark: Completeness, absences: readonly Absence[]): Completeness {
  if (absences.some(({ waiting }) => waiting !== undefined)) return { ...mark, missed: null, ratio: null, state: 'pending' }
  const sure = mark.state === 'complete' || mark.state === 'nothing-expected'
  return sure && absences.length > 0 ? { ...mark, ratio: null, state: 'unknown' } : mark
}
