import type { RecordStore } from '@panoptes/server'
import { quantile } from '../harness.ts'
import type { Shape } from './rows.ts'

/** A question as a person asks it: SQL over the table, and a different key each time. */
export interface Question {
  name: string
  /** Bars of the full run, ms. */
  p50: number
  p95: number
  sql: string
  /** Values for the key; `absent` makes keys that occur nowhere. */
  keys: (record: RecordStore, count: number) => Promise<string[]>
  absent?: (i: number) => string
}

const noKeys = async (_: RecordStore, count: number) => Array.from({ length: count }, () => '')

function sampled(expression: string, where: string): Question['keys'] {
  return async (record, count) => {
    const rows = await record.query<{ k: string }>(
      `SELECT DISTINCT toString(${expression}) AS k FROM accesses WHERE ${where} ORDER BY cityHash64(k) LIMIT ${count}`,
    )
    return Array.from({ length: count }, (_, i) => rows[i % rows.length]!.k)
  }
}

const listColumns = 'ts, src_namespace, src_workload, dst_namespace, dst_workload, method, path, status, duration_us, reporter'

/** The questions of A.6 over a shape whose last row is just before `end`. */
export function questions({ end }: Shape): Question[] {
  const since = (seconds: number) => `ts >= fromUnixTimestamp(${end - seconds}) AND ts < fromUnixTimestamp(${end})`
  const hour = since(3_600)
  const day = since(86_400)
  const edges = 'src_cluster, src_namespace, src_workload, dst_cluster, dst_namespace, dst_workload, reporter'
  const counts = 'count() AS n, countIf(status >= 500) AS errors, sum(req_body_bytes) AS sent, sum(resp_body_bytes) AS got'
  const pod = '(src_pod = {k:String} OR dst_pod = {k:String})'
  return [
    { name: 'map of the last hour, counts', p50: 50, p95: 100, sql: `SELECT ${edges}, ${counts} FROM accesses WHERE ${hour} GROUP BY ${edges}`, keys: noKeys },
    {
      ...{ name: 'map of the last hour, three quantiles', p50: 200, p95: 300, keys: noKeys },
      sql: `SELECT ${edges}, ${counts}, quantiles(0.5, 0.95, 0.99)(duration_us) AS q FROM accesses WHERE ${hour} GROUP BY ${edges}`,
    },
    {
      ...{ name: 'one request id, all time', p50: 20, p95: 40, keys: sampled('request_id', `cityHash64(request_id) % 9973 = 0`) },
      sql: `SELECT ${listColumns} FROM accesses WHERE request_id = {k:UUID}`,
      absent: (i) => `00000000-dead-4000-8000-${String(i).padStart(12, '0')}`,
    },
    {
      ...{ name: 'one pod in 6 hours', p50: 40, p95: 80, keys: sampled('dst_pod', since(21_600)), absent: (i: number) => `nobody-${i}` },
      sql: `SELECT ${listColumns} FROM accesses WHERE ${pod} AND ${since(21_600)} ORDER BY ts DESC LIMIT 1000`,
    },
    {
      ...{ name: 'one pod, all time', p50: 50, p95: 100, keys: sampled('dst_pod', day), absent: (i: number) => `nobody-${i}` },
      sql: `SELECT count() AS n, min(ts) AS first, max(ts) AS last FROM accesses WHERE ${pod}`,
    },
    {
      ...{
        name: 'rare path substring in a day',
        p50: 40,
        p95: 60,
        keys: async (_: RecordStore, count: number) => Array.from({ length: count }, () => 'etc/passwd'),
      },
      sql: `SELECT ${listColumns} FROM accesses WHERE ${day} AND path LIKE concat('%', {k:String}, '%') ORDER BY ts DESC LIMIT 1000`,
      absent: (i) => `etc/shadow-${i}`,
    },
    {
      ...{
        name: 'an id inside paths in a day',
        p50: 80,
        p95: 120,
        keys: async (_: RecordStore, count: number) => Array.from({ length: count }, (_, i) => `/${4711 + 37 * i}`),
      },
      sql: `SELECT ${listColumns} FROM accesses WHERE ${day} AND path LIKE concat('%', {k:String}, '%') ORDER BY ts DESC LIMIT 100`,
      absent: (i) => `/99${1_000_000 + i}`,
    },
    {
      ...{ name: 'minute series of one service over a day', p50: 30, p95: 60, keys: sampled('dst_service', day), absent: (i: number) => `nobody-${i}` },
      sql: `SELECT toStartOfMinute(ts) AS minute, ${counts} FROM accesses WHERE dst_service = {k:String} AND ${day} GROUP BY minute ORDER BY minute`,
    },
    {
      name: 'newest 100 of the last hour',
      p50: 50,
      p95: 100,
      sql: `SELECT ${listColumns} FROM accesses WHERE ${hour} ORDER BY ts DESC LIMIT 100`,
      keys: noKeys,
    },
    {
      ...{
        name: 'newest 100 of the last hour by status',
        p50: 50,
        p95: 100,
        keys: async (_: RecordStore, count: number) => Array.from({ length: count }, (_, i) => ['500', '503', '404', '403', '429'][i % 5]!),
      },
      sql: `SELECT ${listColumns} FROM accesses WHERE ${hour} AND status = {k:UInt16} ORDER BY ts DESC LIMIT 100`,
      absent: () => '418',
    },
  ]
}

/** Asks a question with `times` different keys, a tenth of them absent; answers p50 and p95 in ms. */
export async function ask(record: RecordStore, question: Question, times: number): Promise<{ p50: number; p95: number }> {
  const keys = await question.keys(record, times)
  const took: number[] = []
  for (const [i, key] of keys.entries()) {
    const k = question.absent && i % 10 === 9 ? question.absent(i) : key
    const before = performance.now()
    await record.query(question.sql, { k }, { settings: { use_query_condition_cache: 0, query_plan_max_limit_for_lazy_materialization: 10_000 } })
    took.push(performance.now() - before)
  }
  return { p50: quantile(took, 0.5), p95: quantile(took, 0.95) }
}
