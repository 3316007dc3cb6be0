import type { RecordStore } from '@panoptes/server'
import type { Product } from '../lab.ts'
import type { Shape } from './rows.ts'

/** A question as a person asks it, with a different key each time. */
export interface Question {
  name: string
  /** Bars of the full run, ms. */
  p50: number
  p95: number
  /** Path and query of the HTTP API for the i-th asking. */
  path: (key: string, i: number) => string
  /** Keys that occur in the record; none = the question has no key. */
  keys?: (record: RecordStore, count: number) => Promise<string[]>
  /** A key that occurs nowhere. */
  absent?: (i: number) => string
  /** The same for a VictoriaLogs: a query of LogsQL, and seconds before the end. */
  peer: (key: string, i: number) => { query: string; lastS: number }
}

function sampled(expression: string, where: string): Question['keys'] {
  return async (record, count) => {
    const rows = await record.query<{ k: string }>(
      `SELECT DISTINCT toString(${expression}) AS k FROM accesses WHERE ${where} ORDER BY cityHash64(k) LIMIT ${count}`,
    )
    return rows.map(({ k }) => k)
  }
}

const list = (make: (i: number) => string) => async (_: RecordStore, count: number) => Array.from({ length: count }, (_, i) => make(i))
const nobody = (i: number) => `nobody-${i}`
const [hourS, dayS] = [3_600, 86_400]
const ends = 'src_cluster, src_namespace, src_workload, dst_cluster, dst_namespace, dst_workload, reporter'
const sums = 'count() n, sum(req_body_bytes) sent, sum(resp_body_bytes) got'
const newest = (limit: number) => `sort by (_time desc) limit ${limit}`

/** The questions of A.6 over a shape whose last row is just before `end`. */
export function questions({ end, days }: Shape): Question[] {
  const allS = days * dayS
  const iso = (s: number) => new Date(s * 1000).toISOString()
  const since = (s: number) => `ts >= fromUnixTimestamp(${end - s}) AND ts < fromUnixTimestamp(${end})`
  const ask = (route: string, lastS: number, more: { [name: string]: string | number }, shiftS = 0) =>
    `/api/v1/${route}?${new URLSearchParams({ from: iso(end - lastS - shiftS), to: iso(end - shiftS), ...Object.fromEntries(Object.entries(more).map(([k, v]) => [k, String(v)])) })}`
  const search = (lastS: number, query: string, limit: number) => ask('accesses', lastS, { query, limit })
  // As pages of several people that stay open: the same hour many times, then one that is a minute younger.
  const map = (quantiles: boolean) => (_: string, i: number) => ask('topology', hourS, { quantiles: String(quantiles) }, 60 * (3 - Math.floor((i % 200) / 50)))
  const pods = sampled('dst_pod', since(6 * hourS))
  return [
    {
      ...{ name: 'map of the last hour, counts', p50: 50, p95: 100, path: map(false) },
      peer: () => ({ query: `* | stats by (${ends}) ${sums}`, lastS: hourS }),
    },
    {
      ...{ name: 'map of the last hour, three quantiles', p50: 200, p95: 300, path: map(true) },
      peer: () => ({
        query: `* | stats by (${ends}) ${sums}, quantile(0.5, duration_us) p50, quantile(0.95, duration_us) p95, quantile(0.99, duration_us) p99`,
        lastS: hourS,
      }),
    },
    {
      ...{ name: 'one request id, all time', p50: 20, p95: 40, keys: sampled('request_id', 'cityHash64(request_id) % 9973 = 0') },
      path: (key) => search(allS, `request.id=${key}`, 100),
      absent: (i) => `00000000-dead-4000-8000-${String(i).padStart(12, '0')}`,
      peer: (key) => ({ query: `request_id:="${key}"`, lastS: allS }),
    },
    {
      ...{ name: 'one pod in 6 hours', p50: 40, p95: 80, keys: pods, absent: nobody },
      path: (key) => search(6 * hourS, `pod=${key}`, 100),
      peer: (key) => ({ query: `src_pod:="${key}" or dst_pod:="${key}" | ${newest(100)}`, lastS: 6 * hourS }),
    },
    {
      ...{ name: 'one pod, all time', p50: 50, p95: 100, keys: sampled('dst_pod', since(allS)), absent: nobody },
      path: (key) => search(allS, `pod=${key}`, 100),
      peer: (key) => ({ query: `src_pod:="${key}" or dst_pod:="${key}" | ${newest(100)}`, lastS: allS }),
    },
    {
      ...{ name: 'rare path substring in a day', p50: 40, p95: 60, keys: list(() => 'etc/passwd'), absent: (i: number) => `etc/shadow-${i}` },
      path: (key) => search(dayS, `path~"${key}"`, 100),
      peer: (key) => ({ query: `_msg:~"${key}" | ${newest(100)}`, lastS: dayS }),
    },
    {
      ...{ name: 'an id inside paths in a day', p50: 80, p95: 120, keys: list((i) => `/${4711 + 37 * i}`), absent: (i: number) => `/99${1_000_000 + i}` },
      path: (key) => search(dayS, `path~"${key}"`, 100),
      peer: (key) => ({ query: `_msg:~"${key}" | ${newest(100)}`, lastS: dayS }),
    },
    {
      ...{ name: 'minute series of one service over a day', p50: 30, p95: 60, keys: sampled('dst_service', since(dayS)), absent: nobody },
      path: (key) => ask('accesses/series', dayS, { query: `dst.service=${key}`, stepS: 60 }),
      peer: (key) => ({ query: `dst_service:="${key}" | stats by (_time:1m) ${sums}`, lastS: dayS }),
    },
    {
      ...{ name: 'newest 100 of the last hour', p50: 50, p95: 100, path: () => search(hourS, '', 100) },
      peer: () => ({ query: `* | ${newest(100)}`, lastS: hourS }),
    },
    {
      ...{ name: 'newest 100 of the last hour by status', p50: 50, p95: 100, keys: list((i) => ['500', '503', '404', '403', '429'][i % 5]!) },
      path: (key) => search(hourS, `status=${key}`, 100),
      absent: () => '418',
      peer: (key) => ({ query: `status:=${key} | ${newest(100)}`, lastS: hourS }),
    },
  ]
}

/** The keys of a question, a tenth of them absent. */
export async function keysOf(record: RecordStore, { keys, absent }: Question, times: number): Promise<string[]> {
  const present = keys ? await keys(record, times) : ['']
  return Array.from({ length: times }, (_, i) => (absent && i % 10 === 9 ? absent(i) : present[i % present.length]!))
}

/** Asks the product once with each key from the `first` to before the `end`; answers how long each took, ms. */
export async function ask(product: Product, question: Question, keys: readonly string[], first = 0, end = keys.length): Promise<number[]> {
  const took: number[] = []
  for (let i = first; i < Math.min(end, keys.length); i++) {
    const before = performance.now()
    const response = await fetch(product.url + question.path(keys[i]!, i), { headers: { authorization: `Bearer ${product.token}` } })
    const body = await response.arrayBuffer()
    if (!response.ok) throw new Error(`${question.name}: ${response.status} ${Buffer.from(body).toString().slice(0, 300)}`)
    took.push(performance.now() - before)
  }
  return took
}
