import type { Asker } from './ask.ts'
import { RecordError } from './errors.ts'

/** A part of the record that cannot be read. It is kept beside the others, in `detached`. */
export interface Damage {
  table: string
  part: string
  /** UTC day of its rows. */
  day: string
  reason: string
  /** Folder, where it lies on this machine. */
  path: string
}

/** Codes with which ClickHouse says that bytes on the disk are not what was written. */
const damageCodes: ReadonlySet<number> = new Set([
  32, // ATTEMPT_TO_READ_AFTER_EOF
  33, // CANNOT_READ_ALL_DATA
  40, // CHECKSUM_DOESNT_MATCH
  107, // FILE_DOESNT_EXIST
  117, // INCORRECT_DATA
  226, // NO_FILE_IN_DATA_PART
  228, // BAD_SIZE_OF_FILE_IN_DATA_PART
  246, // CORRUPTED_DATA
  271, // CANNOT_DECOMPRESS
  342, // BAD_DATA_PART_NAME
])

/** Whether the engine met bytes on the disk that are not those it wrote. */
export function isDamage(error: unknown): boolean {
  return error instanceof RecordError && damageCodes.has(error.code)
}

/** Parts that the engine (at start) or a scrub has set aside because they are damaged. */
export async function detachedParts(store: Asker): Promise<Damage[]> {
  const rows = await store.query<{ table: string; part: string; partition: string; reason: string; path: string }>(
    `SELECT table, name AS part, ifNull(partition_id, '') AS partition, ifNull(reason, '') AS reason, path FROM system.detached_parts
     WHERE database = currentDatabase() AND reason NOT IN ('ignored', 'clone', 'attaching', 'deleting', 'tmp-fetch')`,
  )
  return rows.map(({ table, part, partition, reason, path }) => ({
    ...{ table, part, path },
    day: /^\d{8}$/.test(partition) ? `${partition.slice(0, 4)}-${partition.slice(4, 6)}-${partition.slice(6)}` : '',
    reason: reason || 'its checksums are wrong',
  }))
}

/**
 * Reads every part of a table and compares it with its checksums, one part at a time and on one thread, and sets aside what
 * is damaged. Answers the names set aside.
 */
export async function scrubTable(store: Asker, table: string): Promise<string[]> {
  const { name, onCluster } = store.local(table)
  const parts = await store.query<{ part: string }>(
    'SELECT name AS part FROM system.parts WHERE database = currentDatabase() AND table = {name:String} AND active ORDER BY modification_time',
    { name },
  )
  const aside: string[] = []
  for (const { part } of parts) {
    const [checked] = await store
      .query<{ is_passed: number }>(`CHECK TABLE ${name} PART '${part}'`, {}, { maxThreads: 1, settings: { check_query_single_value_result: 0 } })
      // A part that was merged away meanwhile was read by the merge.
      .catch(() => [])
    if (!checked || checked.is_passed) continue
    await store.command(`ALTER TABLE ${name}${onCluster} DETACH PART '${part}'`)
    aside.push(part)
  }
  return aside
}
