import type { Completeness } from '@panoptes/contract'
import type { Gap } from './completeness.ts'

/** A controller that no longer speaks: what its proxies did since is not known here. */
export interface Absence {
  controller: string
  cluster: string
  since: Date
}

/** Controllers of an organization that are away now. */
export type Absences = (org: string) => Promise<Absence[]>

interface Span {
  fromUs: number
  toUs: number
}

/** Those of a window that reaches beyond the controller's last word. */
export function within(absences: readonly Absence[], { toUs }: Span, cluster?: string): Absence[] {
  return absences.filter((absence) => absence.since.getTime() * 1000 < toUs && (!cluster || absence.cluster === cluster))
}

/** As holes: they close where the controller comes back with what it has kept. */
export function gapsOf(absences: readonly Absence[], { fromUs, toUs }: Span): Gap[] {
  return absences.map(({ controller, cluster, since }) => ({
    ...{ controller, cluster, proxy: '', stream: 'accesses', reason: 'controller-away', missed: null },
    from: new Date(Math.max(since.getTime(), fromUs / 1000)).toISOString(),
    to: new Date(toUs / 1000).toISOString(),
    detail: `the controller has not spoken since ${since.toISOString()}; what it has kept comes when it is back`,
  }))
}

/** A window in which a controller is away cannot be called complete. */
export function unsure(mark: Completeness, absences: readonly Absence[]): Completeness {
  const sure = mark.state === 'complete' || mark.state === 'nothing-expected'
  return sure && absences.length > 0 ? { ...mark, ratio: null, state: 'unknown' } : mark
}
