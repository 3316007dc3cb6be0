import type { ColumnType, Generated, Kysely } from 'kysely'
import type { State } from '../platform/state/index.ts'

type Time = ColumnType<Date, Date | string | undefined, Date | string>

/** This room's tables of the state store (migrations/state/0100_traffic.sql). */
export interface TrafficTables {
  mapPositions: { org: string; node: string; x: number; y: number; pinned: boolean; updatedAt: Time }
  savedSearches: {
    id: string
    org: string
    ownerId: string
    ownerName: string
    name: string
    query: string
    fromMoment: string
    toMoment: string
    fields: string
    shared: boolean
    createdAt: Time
  }
  sinks: {
    id: string
    org: string
    name: string
    kind: 'stdout' | 'file' | 'syslog' | 'otlp'
    target: string
    query: string
    prefix: string
    format: 'text' | 'ndjson' | 'csv'
    enabled: boolean
    sent: Generated<number>
    failed: Generated<number>
    lastError: Generated<string>
    updatedAt: Time
  }
}

export type TrafficDb = Kysely<TrafficTables>

/** The state store, seen by this room. */
export function trafficDb(db: State['db']): TrafficDb {
  return db as unknown as TrafficDb
}
