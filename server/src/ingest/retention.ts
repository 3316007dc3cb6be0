import { type RecordStore, rowTables } from '../platform/record/index.ts'
import type { RetentionPolicy, Retired, Work } from './types.ts'

interface Day {
  day: string
  rows: number
  bytes: number
}

/** Days of the record with their size, oldest first. */
export async function daysOf(record: RecordStore): Promise<Day[]> {
  const names = rowTables.map((table) => `'${record.local(table).name}'`).join(', ')
  const rows = await record.query<Day>(
    `SELECT concat(substring(partition, 1, 4), '-', substring(partition, 5, 2), '-', substring(partition, 7, 2)) AS day, sum(p.rows) AS rows, sum(p.bytes_on_disk) AS bytes
     FROM ${partsOf(record)} AS p WHERE database = currentDatabase() AND active AND table IN (${names}) GROUP BY day ORDER BY day`,
  )
  return rows.map(({ day, rows, bytes }) => ({ day, rows: Number(rows), bytes: Number(bytes) }))
}

export const partsOf = (record: RecordStore) => (record.cluster ? `clusterAllReplicas('${record.cluster}', system.parts)` : 'system.parts')

/**
 * Removes whole days: those older than the policy's age, then the oldest until the record fits its size. The newest day
 * always stays. The ledger keeps what was there. Answers what was (or, in a dry run, would be) removed.
 */
export async function retire(record: RecordStore, policy: RetentionPolicy, options: { dryRun?: boolean } & Work = {}): Promise<Retired[]> {
  const days = await daysOf(record)
  const oldest = policy.days === undefined ? '' : new Date(Date.now() - policy.days * 86_400_000).toISOString().slice(0, 10)
  let total = days.reduce((sum, { bytes }) => sum + bytes, 0)
  const retired: Retired[] = []
  for (const [i, day] of days.entries()) {
    const why = day.day < oldest ? 'age' : policy.bytes !== undefined && total > policy.bytes && i < days.length - 1 ? 'size' : undefined
    if (!why) break
    options.signal?.throwIfAborted()
    total -= day.bytes
    retired.push({ ...day, why })
    if (!options.dryRun) await drop(record, day, why)
    options.onProgress?.({ done: i + 1, total: days.length })
  }
  return retired
}

const fields = [
  { name: 'day', type: 'Date' },
  { name: 'table_name', type: 'String' },
  { name: 'rows', type: 'UInt64' },
  { name: 'bytes', type: 'UInt64' },
  { name: 'why', type: 'String' },
  { name: 'at', type: "DateTime64(6, 'UTC')" },
]

async function drop(record: RecordStore, { day, rows, bytes }: Day, why: Retired['why']): Promise<void> {
  // Written first: a day that is gone without a word would look like a loss.
  const at = new Date().toISOString().slice(0, 23).replace('T', ' ')
  await record.insertRows(
    'retirements',
    rowTables.map((table_name) => ({ day, table_name, rows, bytes, why, at })),
    fields,
  )
  for (const table of rowTables) {
    const { name, onCluster } = record.local(table)
    await record.command(`ALTER TABLE ${name}${onCluster} DROP PARTITION ${day.replaceAll('-', '')}`)
  }
}
