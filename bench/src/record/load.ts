import { finished } from 'node:stream/promises'
import { constants, createZstdCompress } from 'node:zlib'
import { accessColumns, serverColumns } from '@panoptes/contract'
import { type RecordStore, storedAs } from '@panoptes/server'
import { rowsSql, type Shape } from './rows.ts'

/** Puts the rows of the shape into the record's own table, a million per statement, and waits until the engine has merged them. */
export async function load(record: RecordStore, shape: Shape): Promise<void> {
  const stored = accessColumns.map((column) => storedAs(column))
  const names = [...serverColumns.map((c) => c.name), 'block', ...stored.map((s) => s.name)]
  const values = [...serverColumns.map((c) => c.name), 'toUInt64(0)', ...stored.map((s) => s.from)]
  const step = 1_000_000
  for (let from = 0; from < shape.rows; from += step) {
    const count = Math.min(step, shape.rows - from)
    await record.command(
      `INSERT INTO accesses (${names.join(', ')}) SELECT ${values.join(', ')} FROM (${rowsSql(shape, from, count)})`,
      {},
      {
        maxThreads: 2,
        settings: { max_insert_threads: 1, min_insert_block_size_rows: step, min_insert_block_size_bytes: 2_000_000_000, insert_deduplicate: 0 },
      },
    )
    process.stderr.write(`\r${Math.round(((from + count) / shape.rows) * 100)} % of ${shape.rows.toLocaleString('en')} rows`)
  }
  process.stderr.write('\n')
  await merged(record)
  await closeDays(record)
}

/** Makes one part of each day but the newest: what the record does with a day into which nothing has come for six hours. */
async function closeDays(record: RecordStore): Promise<void> {
  const days = await record.query<{ day: string }>(
    `SELECT DISTINCT partition AS day FROM system.parts WHERE active AND database = currentDatabase() AND table = 'accesses' ORDER BY day`,
  )
  for (const { day } of days.slice(0, -1)) await record.command(`OPTIMIZE TABLE accesses PARTITION ${day} FINAL`)
}

/** Waits until nothing has been merged for a second. */
export async function merged(record: RecordStore): Promise<void> {
  for (let quiet = 0; quiet < 4; ) {
    const [row] = await record.query<{ n: number }>('SELECT count() AS n FROM system.merges')
    quiet = Number(row?.n) === 0 ? quiet + 1 : 0
    await new Promise((done) => setTimeout(done, 250))
  }
}

/** The 37 columns of the first measurements; the others are what the collector knows beyond them. */
export const measured37: ReadonlySet<string> = new Set(
  `ts reporter cluster src_namespace src_workload src_pod_uid src_ip src_port src_node src_spiffe dst_namespace dst_workload dst_service dst_version dst_pod_uid
  dst_ip dst_port dst_node dst_spiffe protocol method host path route status grpc_status flags req_body_bytes resp_body_bytes duration_us last_up_rx_us_before_end
  request_id trace_id user_agent tls_version policy decision`.split(/\s+/),
)

export interface Sizes {
  /** Whole table on disk, per row: columns, indexes, marks and the roll-up. */
  all: number
  /** The same without the roll-up. */
  row: number
  /** The 37 columns and all indexes. */
  small: number
  rollup: number
  indexes: number
  columns: { name: string; bytes: number }[]
}

/** Bytes per row on disk, as the engine counts them. */
export async function sizes(record: RecordStore): Promise<Sizes> {
  const [total] = await record.query<{ rows: number; bytes: number; index: number; rollup: number; lookups: number }>(
    `SELECT sum(p.rows) AS rows, sum(p.bytes_on_disk) AS bytes, sum(p.secondary_indices_compressed_bytes + p.secondary_indices_marks_bytes) AS index,
       (SELECT sum(bytes_on_disk) FROM system.projection_parts WHERE active AND database = currentDatabase() AND table = 'accesses' AND name = 'minutes') AS rollup,
       (SELECT sum(bytes_on_disk) FROM system.projection_parts WHERE active AND database = currentDatabase() AND table = 'accesses' AND name != 'minutes') AS lookups
     FROM system.parts AS p WHERE active AND database = currentDatabase() AND table = 'accesses'`,
  )
  const { rows, bytes, rollup, lookups } = total!
  // What tells when something was seen is there to look it up: an index by another name.
  const index = total!.index + lookups
  const columns = await record.query<{ name: string; bytes: number }>(
    `SELECT column AS name, sum(column_bytes_on_disk) / ${rows} AS bytes FROM system.parts_columns WHERE active AND database = currentDatabase() AND table = 'accesses' GROUP BY name ORDER BY bytes DESC`,
  )
  const small = columns.filter(({ name }) => measured37.has(name)).reduce((sum, column) => sum + column.bytes, 0)
  return { all: bytes / rows, row: (bytes - rollup) / rows, small: small + index / rows, rollup: rollup / rows, indexes: index / rows, columns }
}

export interface Zipped {
  rows: number
  bytesPerRow: number
}

/** What zstd -3 makes of the newest rows as JSON lines, in the order in which they arrived. */
export async function zipped(record: RecordStore, { rows }: Shape): Promise<Zipped> {
  const most = 200_000
  const sql = `SELECT * FROM accesses WHERE batch > ${Math.ceil(rows / 10_000) - Math.ceil(Math.min(rows, most) / 10_000)} ORDER BY batch, row`
  const packed = (await record.stream(sql, 'JSONEachRow')).pipe(createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } }))
  let bytes = 0
  packed.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  await finished(packed)
  return { rows: Math.min(rows, most), bytesPerRow: bytes / Math.min(rows, most) }
}
