import { parseQuery } from '@panoptes/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getAccess } from './access.ts'
import { facets } from './facets.ts'
import { type Lab, type LabRow, openLab } from './lab.ts'
import { search } from './search.ts'
import { series } from './series.ts'
import { windowOf } from './window.ts'

const start = Date.parse('2026-03-01T12:00:00Z')
const day = windowOf(start - 3_600_000, start + 3_600_000)
let lab: Lab

function request(i: number, side: 'client' | 'server'): LabRow {
  return {
    ts: new Date(start + i * 100).toISOString().replace('T', ' ').replace('Z', '') + (side === 'client' ? '001' : '002'),
    row: i * 2 + (side === 'client' ? 0 : 1),
    reporter: side,
    kind: 'DownstreamEnd',
    duration_us: side === 'client' ? 5_000 : 4_000,
    src_namespace: 'bank',
    src_workload: 'web',
    src_ip: '::ffff:10.0.0.1',
    src_port: 40_000 + i,
    dst_namespace: 'bank',
    dst_workload: i % 2 ? 'payments' : 'ledger',
    dst_ip: '::ffff:10.0.0.2',
    dst_port: 8080,
    path: `/v1/accounts/${i}`,
    status: i % 10 === 0 ? 503 : 200,
    protocol: 'http/1.1',
    request_id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    trace_id: `00000000-0000-4000-8000-${String(Math.floor(i / 3)).padStart(12, 'a')}`,
    span_id: '18446744073709551615',
    req_headers: { 'x-tenant': `t${i % 3}` },
  }
}

beforeAll(async () => {
  lab = await openLab()
  const rows = Array.from({ length: 100 }, (_, i) => [request(i, 'client'), request(i, 'server')]).flat()
  await lab.insert('accesses', rows)
  await lab.insert('accesses', [{ ...request(7, 'server'), org: 'other', row: 999 }])
})
afterAll(() => lab?.close())

const find = (text: string, limit = 1_000) =>
  search(lab.reader(), { query: parseQuery(text), window: day, fields: ['path', 'status', 'reporter'], limit, order: 'newest' })

describe('search', () => {
  it('finds by every kind of condition', async () => {
    const count = async (text: string) => (await find(text)).accesses.length
    expect(await count('')).toBe(200)
    expect(await count('status>=500')).toBe(20)
    expect(await count('status=5xx AND reporter=client')).toBe(10)
    expect(await count('workload=payments')).toBe(100)
    expect(await count('workload!=payments')).toBe(100)
    expect(await count('path~"accounts/9"')).toBe(22)
    expect(await count('path=/v1/*/9')).toBe(2)
    expect(await count('path~/accounts\\/[12]$/')).toBe(4)
    expect(await count('duration>4.5ms')).toBe(100)
    expect(await count('ip=10.0.0.0/24')).toBe(200)
    expect(await count('src.ip=10.0.0.2')).toBe(0)
    expect(await count('req.headers.x-tenant IN (t0, t1)')).toBe(134)
    expect(await count('req.headers.x-none:*')).toBe(0)
    expect(await count('request.id=00000000-0000-4000-8000-000000000007')).toBe(2)
    expect(await count('00000000000040008000000000000007 server')).toBe(0)
    expect(await count('00000000000040008000000000000007')).toBe(2)
    expect(await count('accounts/9 NOT status=503')).toBe(20)
    expect(await count('span.id=ffffffffffffffff')).toBe(200)
    expect(await count('ts<2026-03-01T12:00:01Z')).toBe(20)
    expect(await count('grpc.status:* OR trace.id:*')).toBe(200)
  })

  it('pages without a row lost or doubled, also when rows arrive between', async () => {
    const seen: string[] = []
    let after: Awaited<ReturnType<typeof find>>['more']
    let pages = 0
    do {
      const { accesses, more } = await search(lab.reader(), {
        query: parseQuery('reporter=server'),
        window: day,
        fields: ['path'],
        limit: 30,
        order: 'newest',
        after,
      })
      seen.push(...accesses.map((access) => access.id))
      after = more
      if (pages++ === 0) await lab.insert('accesses', [{ ...request(99, 'server'), ts: '2026-03-01 12:30:00.000000', batch: 2, row: 0 }])
    } while (after)
    expect(seen.length).toBe(100)
    expect(new Set(seen).size).toBe(100)
    await lab.record.command('ALTER TABLE accesses DELETE WHERE batch = 2 SETTINGS mutations_sync = 2')
  })

  it('pages through rows of one microsecond in the order of their places', async () => {
    const at = { ...request(0, 'server'), ts: '2026-03-01 12:40:00.000000', status: 218 }
    const places = [7, 3, 9, 1, 0, 8, 2, 6, 4, 5]
    await lab.insert(
      'accesses',
      places.map((row) => ({ ...at, batch: 3, row })),
    )
    await lab.insert('accesses', [{ ...at, ts: '2026-03-01 12:39:59.999999', batch: 4, row: 0 }])
    for (const order of ['newest', 'oldest'] as const) {
      for (const limit of [1, 3, 10, 11]) {
        const seen: string[] = []
        let after: Awaited<ReturnType<typeof find>>['more']
        do {
          const found = await search(lab.reader(), { query: parseQuery('status=218'), window: day, fields: [], limit, order, after })
          seen.push(...found.accesses.map((access) => access.id))
          after = found.more
        } while (after)
        const oldest = ['c1~1~4~0', ...Array.from({ length: 10 }, (_, i) => `c1~1~3~${i}`)]
        expect(seen).toEqual(order === 'oldest' ? oldest : oldest.toReversed())
      }
    }
    await lab.record.command('ALTER TABLE accesses DELETE WHERE batch IN (3, 4) SETTINGS mutations_sync = 2')
  })

  it('reads oldest first', async () => {
    const { accesses } = await search(lab.reader(), { query: parseQuery(''), window: day, fields: ['path', 'reporter', 'ts'], limit: 2, order: 'oldest' })
    expect(accesses).toEqual([
      { id: 'c1~1~1~0', path: '/v1/accounts/0', reporter: 'client', ts: '2026-03-01T12:00:00.000001Z' },
      { id: 'c1~1~1~1', path: '/v1/accounts/0', reporter: 'server', ts: '2026-03-01T12:00:00.000002Z' },
    ])
  })

  it('shows nothing of another organization', async () => {
    expect((await search(lab.reader({ org: 'nobody' }), { query: parseQuery(''), window: day, fields: [], limit: 10, order: 'newest' })).accesses).toEqual([])
    await expect(getAccess(lab.reader(), 'c1~1~1~999')).rejects.toMatchObject({ code: 'PAN0007' })
    expect((await getAccess(lab.reader({ org: 'other' }), 'c1~1~1~999')).pair).toEqual([])
  })
})

describe('one access', () => {
  it('comes with its other side, its trace and the time between the proxies', async () => {
    const found = await getAccess(lab.reader(), 'c1~1~1~14')
    expect(found.access).toMatchObject({
      path: '/v1/accounts/7',
      'src.ip': '10.0.0.1',
      'span.id': 'ffffffffffffffff',
      'req.headers': { 'x-tenant': 't1' },
      'client.ip': '',
    })
    expect(found.pair.map((access) => access.reporter)).toEqual(['server'])
    expect(found.trace.length).toBe(5)
    expect(found.betweenProxiesUs).toBe(1_000)
  })
})

describe('facets and series', () => {
  it('count values, either side and both', async () => {
    const found = await facets(lab.reader(), {
      query: parseQuery('reporter=client'),
      window: day,
      fields: ['dst.workload', 'workload', 'status', 'src.ip'],
      limit: 10,
    })
    expect(found[0]).toEqual({
      field: 'dst.workload',
      distinct: 2,
      values: [
        { value: 'ledger', count: 50 },
        { value: 'payments', count: 50 },
      ],
    })
    expect(found[1]!.values[0]).toEqual({ value: 'web', count: 100 })
    expect(found[2]!.values[0]).toEqual({ value: '200', count: 90 })
    expect(found[3]!.values).toEqual([{ value: '10.0.0.1', count: 100 }])
  })

  it('give a point per step with counts and quantiles', async () => {
    const window = windowOf(start, start + 10_000)
    const [line] = await series(lab.reader(), { query: parseQuery('reporter=server'), window, stepS: 5 })
    expect(line!.points.map((p) => [p.at, p.count, p.errors])).toEqual([
      ['2026-03-01T12:00:00.000Z', 50, 5],
      ['2026-03-01T12:00:05.000Z', 50, 5],
    ])
    expect(line!.points[0]!.p95Us).toBeGreaterThan(4_000 * 0.91)
    expect(line!.points[0]!.p95Us).toBeLessThan(4_000 * 1.09)
    const split = await series(lab.reader(), { query: parseQuery('reporter=server'), window, stepS: 5, by: 'dst.workload' })
    expect(split.map((s) => [s.key, s.points.map((p) => p.count)])).toEqual([
      ['ledger', [25, 25]],
      ['payments', [25, 25]],
    ])
  })
})
