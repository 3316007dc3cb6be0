import { PanoptesError } from '@panoptes/contract'
import type { Ingest } from '../ingest/index.ts'
import type { Principal } from '../platform/http/index.ts'
import type { State } from '../platform/state/index.ts'
import type { Absences } from './absences.ts'
import { CompletenessMarks } from './completeness-marks.ts'
import type { MembersOf } from './environment.ts'
import { Gaps } from './gaps.ts'
import { Live } from './live.ts'
import { MapCache } from './map-cache/index.ts'
import type { Reader, Scope } from './reader.ts'
import { type TrafficDb, trafficDb } from './tables.ts'

/** What the routes of this room work with. */
export interface TrafficDeps {
  /** The record, confined to what a scope may see. */
  reader: (scope: Scope) => Reader
  db: State['db']
  ingest: Pick<Ingest, 'subscribe'>
  /** The record without a scope, where other servers write to it as well: their batches reach live readers here too. */
  shared?: Pick<Reader, 'query'>
  /** Controllers that are away. */
  absences: Absences
  members: MembersOf
}

/** The room's parts, made once. */
export interface Traffic {
  reader: (scope: Scope) => Reader
  db: TrafficDb
  marks: CompletenessMarks
  gaps: Gaps
  live: Live
  /** Where this server alone writes to the record. */
  maps: MapCache | undefined
  absences: Absences
  members: MembersOf
}

export function createTraffic({ reader, db, ingest, shared, absences, members }: TrafficDeps): Traffic {
  return {
    reader,
    db: trafficDb(db),
    marks: new CompletenessMarks(absences, ingest),
    gaps: new Gaps(),
    live: new Live(ingest, shared),
    maps: shared ? undefined : new MapCache(ingest),
    absences,
    members,
  }
}

/** What a principal may see, narrowed to one origin where asked. Throws PAN0103 for nobody. */
export function scopeOf(principal: Principal, origin: 'user' | 'demo' | 'all'): Scope {
  if (!principal.org) throw new PanoptesError('PAN0103', 'this needs an organization')
  return { org: principal.org, ...(origin === 'all' ? {} : { origin }) }
}
