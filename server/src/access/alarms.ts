import { type Alarm, type ErrorCode, PanoptesError } from '@panoptes/contract'
import { sql } from 'kysely'
import { newId, type State, type Tables } from '../platform/state/index.ts'
import { isoOf, maybeIso, pageOf } from './page.ts'

export interface NewAlarm {
  org: string
  /** Alarms with the same key are counted in one row until it is acknowledged. */
  key: string
  severity: Alarm['severity']
  code: ErrorCode | null
  title: string
  detail: string
  /** `kind/id` of what it is about. */
  target: string
}

/** Raises an alarm, or counts it up where it is open already. */
export async function raiseAlarm(db: State['db'], alarm: NewAlarm): Promise<void> {
  await db
    .insertInto('alarms')
    .values({ id: newId(), acknowledgedBy: null, ...alarm })
    .onConflict((conflict) =>
      conflict
        .columns(['org', 'key'])
        .where('acknowledgedAt', 'is', null)
        .doUpdateSet({ count: sql<number>`alarms.count + 1`, lastAt: sql<Date>`now()`, detail: alarm.detail }),
    )
    .execute()
}

export async function listAlarms(
  db: State['db'],
  org: string,
  query: { limit: number; cursor?: string | undefined; state: 'open' | 'acknowledged' | 'all' },
): Promise<{ alarms: Alarm[]; next: string | null }> {
  let select = db.selectFrom('alarms').selectAll().where('org', '=', org)
  if (query.state !== 'all') select = select.where('acknowledgedAt', query.state === 'open' ? 'is' : 'is not', null)
  if (query.cursor !== undefined) select = select.where('id', '<', query.cursor)
  const found = await select
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute()
  const { rows, next } = pageOf(found, query.limit)
  return { alarms: rows.map(alarmOf), next }
}

/** Throws PAN0007 where the organization has no such alarm. */
export async function acknowledgeAlarm(db: State['db'], org: string, id: string, by: string): Promise<Alarm> {
  const row = await db
    .updateTable('alarms')
    .set({ acknowledgedAt: sql<Date>`coalesce(acknowledged_at, now())`, acknowledgedBy: sql<string>`coalesce(acknowledged_by, ${by})` })
    .where('org', '=', org)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  if (!row) throw new PanoptesError('PAN0007', `there is no alarm ${id}`)
  return alarmOf(row)
}

type Row = { [K in keyof Tables['alarms']]: Tables['alarms'][K] extends { __select__: infer S } ? S : Tables['alarms'][K] }

function alarmOf(row: Row): Alarm {
  const { org: _org, key: _key, ...rest } = row
  return { ...rest, at: isoOf(row.at), lastAt: isoOf(row.lastAt), acknowledgedAt: maybeIso(row.acknowledgedAt) }
}
