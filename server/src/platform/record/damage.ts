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

/**
 * Parts that the engine (at start) or a scrub has set aside because they are damaged, without those in whose place the parts
 * that they were merged from stand again.
 */
export async function detachedParts(store: Asker): Promise<Damage[]> {
  const rows = await store.query<{ table: string; part: string; partition: string; reason: string; path: string }>(
    `SELECT d.table AS table, d.name AS part, ifNull(d.partition_id, '') AS partition, ifNull(d.reason, '') AS reason, d.path AS path
     FROM system.detached_parts AS d
     LEFT JOIN (
       SELECT table, partition_id, groupArray((min_block_number, max_block_number)) AS blocks FROM system.parts
       WHERE database = currentDatabase() AND active AND rows > 0 GROUP BY table, partition_id
     ) AS p ON p.table = d.table AND p.partition_id = d.partition_id
     WHERE d.database = currentDatabase() AND reason NOT IN ('ignored', 'clone', 'attaching', 'deleting', 'tmp-fetch')
       AND NOT arrayExists(b -> b.1 <= d.max_block_number AND b.2 >= d.min_block_number, p.blocks)`,
  )
  return rows.map(({ table, part, partition, reason, path }) => ({
    ...{ table, part, path },
    day: /^\d{8}$/.test(partition) ? `${partition.slice(0, 4)}-${partition.slice(4, 6)}-${partition.slice(6)}` : '',
    reason: reason || 'its checksums are wrong',
  }))
}

/** A part in the place of which the parts that it was merged from can stand again. */
export interface Mendable {
  table: string
  part: string
  path: string
}

interface Part extends Omit<Mendable, 'table'> {
  partition_id: string
  min_block_number: number
  max_block_number: number
}

export interface ScrubOptions {
  /** Answer parts that can be mended instead of setting them aside. */
  mends: boolean
  /** Only parts that were written in the last so many seconds. */
  youngerThanS?: number
}

const oursSql = 'database = currentDatabase() AND table = {name:String}'

/**
 * Reads the parts of a table and compares them with their checksums, one part at a time and on one thread, and sets aside what
 * is damaged. Answers what it left where it is because it can be mended.
 */
export async function scrubTable(store: Asker, table: string, { mends, youngerThanS }: ScrubOptions): Promise<Mendable[]> {
  const { name, onCluster } = store.local(table)
  const young = youngerThanS === undefined ? '' : ` AND modification_time >= now() - ${youngerThanS}`
  const parts = await store.query<Part>(
    `SELECT name AS part, path, partition_id, min_block_number, max_block_number FROM system.parts WHERE ${oursSql} AND active${young} ORDER BY modification_time`,
    { name },
  )
  const mendable: Mendable[] = []
  for (const part of parts) {
    const [checked] = await store
      .query<{ is_passed: number }>(`CHECK TABLE ${name} PART '${part.part}'`, {}, { maxThreads: 1, settings: { check_query_single_value_result: 0 } })
      // A part that was merged away meanwhile was read by the merge.
      .catch(() => [])
    if (!checked || checked.is_passed) continue
    if (mends && (await sourcesOf(store, name, part)) > 0) mendable.push({ table, part: part.part, path: part.path })
    else await store.command(`ALTER TABLE ${name}${onCluster} DETACH PART '${part.part}'`)
  }
  return mendable
}

/** How many of the parts that a part was merged from still lie there: the engine keeps them for eight minutes. */
async function sourcesOf(store: Asker, name: string, { partition_id, min_block_number, max_block_number }: Part): Promise<number> {
  const [row] = await store.query<{ n: number }>(
    `SELECT count() AS n FROM system.parts WHERE ${oursSql} AND NOT active AND rows > 0
     AND partition_id = {partition_id:String} AND min_block_number >= {min_block_number:Int64} AND max_block_number <= {max_block_number:Int64}`,
    { name, partition_id, min_block_number, max_block_number },
  )
  return Number(row?.n ?? 0)
}
