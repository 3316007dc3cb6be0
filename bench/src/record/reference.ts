import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordStore } from '@panoptes/server'
import { median, type Reference } from '../harness.ts'

/**
 * Whole columns read without an index, by the engine itself. `rowsPerS` is what the machine did on which the bars of A.6 were
 * set: 20 million rows in 32.8, 109 and 384 ms on two cores, in the same sort key and codecs.
 */
const scans = [
  { name: 'the status of all rows', rowsPerS: 20e6 / 0.0328, sql: 'SELECT count() FROM accesses WHERE status = 418' },
  {
    name: 'the request ids of all rows',
    rowsPerS: 20e6 / 0.109,
    sql: "SELECT count() FROM accesses WHERE request_id = '00000000-dead-4000-8000-000000000000'",
  },
  { name: 'the letters of all paths', rowsPerS: 20e6 / 0.384, sql: 'SELECT sum(length(path)) FROM accesses' },
] as const

const times = 5

/** How fast the machine is now, told by what the engine does without any of our indexes and roll-ups. Waits until it merges nothing. */
export async function readReferences(record: RecordStore): Promise<Reference[]> {
  for (const end = Date.now() + 600_000; Date.now() < end; await sleep(2_000)) {
    if ((await record.query<{ n: number }>('SELECT count() AS n FROM system.merges'))[0]?.n === 0) break
  }
  const [{ rows }] = (await record.query<{ rows: number }>('SELECT count() AS rows FROM accesses')) as [{ rows: number }]
  const references: Reference[] = []
  const plain = { use_skip_indexes: 0, use_query_condition_cache: 0, optimize_use_projections: 0 }
  for (const { name, rowsPerS, sql } of scans) {
    const took: number[] = []
    for (let i = 0; i <= times; i++) {
      const before = performance.now()
      await record.query(sql, {}, { maxThreads: 2, settings: plain })
      // The first one may have to read the disk.
      if (i > 0) took.push(performance.now() - before)
    }
    references.push({ name, here: median(took), there: (rows / rowsPerS) * 1000, unit: 'ms' })
  }
  return references
}
