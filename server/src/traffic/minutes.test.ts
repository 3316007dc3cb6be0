import { parseQuery } from '@panoptes/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, type LabRow, openLab } from './lab.ts'
import { partsOf } from './minutes.ts'
import { Parameters } from './sql.ts'
import { topology } from './topology.ts'
import { windowOf } from './window.ts'

const start = Date.parse('2026-03-01T12:00:00Z')
/** Neither end is a whole minute. */
const window = windowOf(start + 30_500, start + 570_250)
let lab: Lab

function row(i: number): LabRow {
  const ends = {
    src_cluster: 'east',
    src_namespace: 'bank',
    src_workload: `w${i % 3}`,
    dst_cluster: 'east',
    dst_namespace: 'bank',
    dst_workload: i % 50 === 0 ? '' : `w${i % 5}`,
  }
  const ts = new Date(start + ((i * 7_919) % 600_000)).toISOString().replace('T', ' ').replace('Z', '000')
  const what = { kind: i % 9 === 0 ? 'DownstreamPeriodic' : 'DownstreamEnd', protocol: i % 4 ? 'http/1.1' : 'grpc', reporter: i % 2 ? 'client' : 'server' }
  return {
    ts,
    row: i,
    ...ends,
    ...what,
    host: 'out.example',
    status: i % 11 ? 200 : 503,
    duration_us: (i * 37) % 90_000,
    req_body_bytes: i,
    resp_body_bytes: 2 * i,
    mtls: i % 2,
  }
}

beforeAll(async () => {
  lab = await openLab()
  // Three parts: rows that come late must be in the minutes as well.
  for (const part of [0, 1, 2])
    await lab.insert(
      'accesses',
      Array.from({ length: 400 }, (_, i) => row(part * 400 + i)),
    )
})
afterAll(() => lab?.close())

/** The second query means the same, but no minute is kept by the row's number. */
const ways = (text: string) => [parseQuery(text), parseQuery(`(${text || '"*"'}) AND row>=0`)] as const

describe('the minutes', () => {
  it('serve whole minutes of what they are kept by, and nothing else', () => {
    const served = (text: string) => partsOf(parseQuery(text), window, new Parameters()).map((part) => part.minutes)
    expect(served('workload=a AND reporter=server')).toEqual([true, false, false])
    expect(served('status>=500')).toEqual([false])
    expect(served('payments')).toEqual([false])
  })

  it.each(['', 'src.workload=w1', 'reporter=server AND NOT protocol=grpc'])('equal the rows for %j', async (text) => {
    const [minutes, rows] = ways(text)
    for (const by of ['workload', 'namespace'] as const) {
      const maps = await Promise.all([minutes, rows].map((query) => topology(lab.reader(), { query, window, by, quantiles: true, side: 'best' })))
      const sorted = maps.map(({ edges }) => edges.sort((a, b) => (a.id < b.id ? -1 : 1)))
      expect(sorted[0]).toEqual(sorted[1])
      expect(sorted[0]!.length).toBeGreaterThan(0)
    }
  })

  it('are what the engine reads', async () => {
    const sql = `EXPLAIN SELECT src_workload, count() FROM accesses WHERE toStartOfMinute(ts) >= toDateTime('2026-03-01 12:01:00', 'UTC') GROUP BY src_workload`
    const plan = await lab.reader().query<{ explain: string }>(sql)
    expect(plan.map((line) => line.explain).join('\n')).toMatch(/ReadFromMergeTree \(minutes\)/)
  })
})
