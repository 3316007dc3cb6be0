import type { RecordStore } from '../platform/record/index.ts'
import { keptLedger } from './ledger.ts'
import type { Extent } from './types.ts'

/**
 * How many accesses of an organization the record holds, and from when to when, by the ledger of its batches: counting the
 * rows themselves takes a second of CPU for each fifty million.
 */
export async function extentOf(record: RecordStore, org: string): Promise<Extent> {
  const [found] = await record.query<{ held: number; oldest: number; newest: number }>(
    `SELECT sum(rows) AS held, toUnixTimestamp64Milli(min(from_ts)) AS oldest, toUnixTimestamp64Milli(max(until_ts)) AS newest
     FROM ${keptLedger} AND org = {org:String}`,
    { stream: 'accesses', org },
    { maxSeconds: 5 },
  )
  const rows = Number(found?.held ?? 0)
  const moment = (ms: number | undefined) => (rows > 0 && ms !== undefined ? new Date(Number(ms)) : null)
  return { rows, oldest: moment(found?.oldest), newest: moment(found?.newest) }
}
