import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessColumns, serverColumns } from '@panoptes/contract'
import { createLog, openRecord, type RecordStore, storedAs } from '@panoptes/server'
import { type Measure, median } from './harness.ts'
import { measured37 } from './record/load.ts'
import { rowsSql, type Shape } from './record/rows.ts'

const dayS = 86_400
/** Any two days do: the questions name them. */
const shape: Shape = { rows: 20_000_000, days: 2, end: Date.UTC(2026, 0, 3) / 1000, seed: 1 }
const newestDay = `ts >= toDateTime(${shape.end - dayS}) AND ts < toDateTime(${shape.end})`
/** How often each question is asked at a time. */
const times = 3

/** A question to the engine, and what it took on the machine on which the bars were set: ms, in process, the median. */
interface Reference {
  name: string
  there: number
  sql: (key: (of: string) => string) => string
}

const scan = 'SETTINGS use_skip_indexes = 0'
const ofPod = (uid: string) => `SELECT count() FROM reference WHERE src_pod_uid = toUUID('${uid}') OR dst_pod_uid = toUUID('${uid}')`

/**
 * The first measurements' table and what they asked it: whole columns without an index, and what its indexes find. Where it is
 * not known which columns were read, fewest are read here, so that the machine looks no slower than it is.
 */
const references: readonly Reference[] = [
  { name: 'the status of all rows', there: 32.8, sql: () => `SELECT count() FROM reference WHERE status = 418 ${scan}` },
  {
    name: 'the request ids of all rows',
    there: 109,
    sql: () => `SELECT count() FROM reference WHERE request_id = toUUID('00000000-dead-4000-8000-000000000000') ${scan}`,
  },
  { name: 'the letters of all paths', there: 384, sql: () => 'SELECT sum(length(path)) FROM reference' },
  { name: 'one request id', there: 6.1, sql: (key) => `SELECT count() FROM reference WHERE request_id = toUUID('${key('request_id')}')` },
  { name: 'one pod', there: 13.5, sql: (key) => ofPod(key('dst_pod_uid')) },
  { name: 'a rare path substring in a day', there: 20.8, sql: () => `SELECT ts, path, status FROM reference WHERE path LIKE '%etc/passwd%' AND ${newestDay}` },
  {
    name: 'an id inside paths in a day',
    there: 55.8,
    sql: (key) => `SELECT ts, path, status FROM reference WHERE path LIKE '%/${key('number')}%' AND ${newestDay}`,
  },
]

/** How fast the machine is: what the engine alone takes, beside the product and without any of it, for what it took where the bars were set. */
export interface Speed {
  /** Asks everything a few times; answers how many times slower the machine is just now, the geometric mean over the questions. */
  slower(): Promise<number>
  /** What was measured so far, for the table. */
  measures(): Measure[]
  close(): Promise<void>
}

/**
 * Opens the first measurements' table in an engine of its own: 20 million rows of two days, 37 columns. It is made where there is
 * none, in two minutes; PANOPTES_BENCH_DIR keeps it.
 */
export async function openSpeed(): Promise<Speed> {
  const kept = process.env.PANOPTES_BENCH_DIR
  const dir = kept ? join(kept, 'reference') : mkdtempSync(join(tmpdir(), 'panoptes-bench-reference-'))
  const whole = join(dir, 'whole.json')
  if (!existsSync(whole)) rmSync(dir, { recursive: true, force: true })
  const engine = await openRecord({ dataDir: dir, log: createLog({ level: 'warn' }) })
  if (!existsSync(whole)) {
    await fill(engine)
    writeFileSync(whole, '{}')
  }
  const keys = new Map<string, string[]>([['number', Array.from({ length: 200 }, (_, i) => String(4711 + 37 * i))]])
  for (const column of ['request_id', 'dst_pod_uid']) {
    const found = await engine.query<{ k: string }>(
      `SELECT DISTINCT toString(${column}) AS k FROM reference WHERE cityHash64(request_id) % 9973 = 0 ORDER BY cityHash64(k) LIMIT 200`,
    )
    keys.set(
      column,
      found.map(({ k }) => k),
    )
  }
  const took = new Map<string, number[]>(references.map(({ name }) => [name, []]))
  const factors: number[] = []
  let serial = 0
  const timed = async (sql: string) => {
    const before = performance.now()
    await engine.query(sql, {}, { maxThreads: 2, settings: { use_query_condition_cache: 0, optimize_use_projections: 0 } })
    return performance.now() - before
  }
  // There the engine was asked in process: the way to it does not count.
  const trip = Math.min(...(await timesOf(20, () => timed('SELECT 1'))))
  const slower = async () => {
    let sum = 0
    for (const { name, there, sql } of references) {
      const here = median(await timesOf(times, () => timed(sql((of) => keys.get(of)![serial++ % 200]!)))) - trip
      took.get(name)!.push(here)
      sum += Math.log(here / there)
    }
    factors.push(Math.exp(sum / references.length))
    return factors.at(-1)!
  }
  // The first ones read the disk.
  await slower()
  for (const list of [...took.values(), factors]) list.length = 0
  return {
    slower,
    measures: () => [
      ...references.map(
        ({ name, there }): Measure => ({ name: `reference: ${name}`, value: median(took.get(name)!), unit: 'ms', note: `${there} ms where the bars were set` }),
      ),
      {
        name: 'this machine, times slower than that of the bars',
        value: median(factors),
        unit: 'ratio',
        note: `${Math.min(...factors).toFixed(2)} to ${Math.max(...factors).toFixed(2)}`,
      },
    ],
    close: async () => {
      await engine.close()
      if (!kept) rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** The geometric mean of what was measured. */
export const meanSpeed = (factors: readonly number[]): number => Math.exp(factors.reduce((sum, factor) => sum + Math.log(factor), 0) / factors.length)

async function timesOf(count: number, measure: () => Promise<number>): Promise<number[]> {
  const took: number[] = []
  for (let i = 0; i < count; i++) took.push(await measure())
  return took
}

/** The table as it was: its columns, sort key, codecs and indexes. */
async function fill(engine: RecordStore): Promise<void> {
  const columns = [...serverColumns, ...accessColumns].filter((column) => measured37.has(storedAs(column).name))
  const codec = (name: string) => (name === 'ts' ? 'Delta(8), ZSTD(1)' : name === 'duration_us' ? 'T64, ZSTD(1)' : 'ZSTD(1)')
  const blooms = ['request_id', 'trace_id', 'src_pod_uid', 'dst_pod_uid', 'src_ip', 'dst_ip']
  await engine.command(
    `CREATE TABLE reference (${[
      ...columns.map(({ name, type }) => `${name} ${type} CODEC(${codec(name)})`),
      ...blooms.map((name) => `INDEX by_${name} ${name} TYPE bloom_filter(0.01) GRANULARITY 1`),
      'INDEX by_ts ts TYPE minmax GRANULARITY 1',
      'INDEX by_path path TYPE ngrambf_v1(4, 16384, 2, 0) GRANULARITY 1',
    ].join(', ')})
    ENGINE = MergeTree PARTITION BY toYYYYMMDD(ts) ORDER BY (toStartOfHour(ts), dst_workload, src_workload, dst_pod_uid, src_pod_uid, ts)`,
  )
  const names = columns.map(({ name }) => name).join(', ')
  const step = 1_000_000
  for (let from = 0; from < shape.rows; from += step) {
    await engine.command(
      `INSERT INTO reference (${names}) SELECT ${names} FROM (${rowsSql(shape, from, step)})`,
      {},
      {
        maxThreads: 2,
        settings: { max_insert_threads: 1, min_insert_block_size_rows: step, min_insert_block_size_bytes: 2_000_000_000, insert_deduplicate: 0 },
      },
    )
    process.stderr.write(`\rthe table of the references: ${Math.round(((from + step) / shape.rows) * 100)} %`)
  }
  process.stderr.write('\n')
  await engine.command('OPTIMIZE TABLE reference FINAL')
}
