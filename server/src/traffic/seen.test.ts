import { parseQuery } from '@panoptes/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, openLab } from './lab.ts'
import type { Reader } from './reader.ts'
import { search } from './search.ts'
import { fewSpans, namesOf, quartersOf } from './seen.ts'
import { windowOf } from './window.ts'

const id = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`
const start = Date.parse('2026-03-01T00:00:00Z')
const hour = 3_600_000
const at = (h: number) => (start + h * hour) * 1_000
const days = windowOf(start, start + 72 * hour)
let lab: Lab

const quarters = (reader: Reader, text: string, window = days) => quartersOf(reader, parseQuery(text), window)
/** The quarters of some hours. */
const whole = (...hours: number[]) => hours.flatMap((h) => [0, 0.25, 0.5, 0.75].map((more) => at(h + more)))

beforeAll(async () => {
  lab = await openLab()
  // A request every hour for three days, told by both sides 20 minutes apart; a pod serves every sixth.
  const rows = Array.from({ length: 144 }, (_, i) => {
    const request = Math.floor(i / 2)
    const ts = new Date(start + request * hour + (i % 2) * 1_200_000).toISOString().replace('T', ' ').replace('Z', '000')
    return {
      ...{ ts, row: i, kind: 'DownstreamEnd', reporter: i % 2 ? 'server' : 'client', request_id: id(request), cluster: i < 100 ? 'east' : 'west' },
      ...{ src_pod: `client-${request % 4}`, dst_pod: `pod-${request % 6}`, dst_pod_uid: id(900 + (request % 6)), dst_ip: `::ffff:10.0.0.${request % 6}` },
    }
  })
  for (const some of [rows.slice(0, 80), rows.slice(80)]) await lab.insert('accesses', some)
})
afterAll(() => lab?.close())

describe('what a query looks for', () => {
  it('is known when every match must have one of some names', () => {
    const of = (text: string) => {
      const names = namesOf(parseQuery(text))
      return names?.map(({ column, value }) => `${column} ${value}`)
    }
    const [one, two] = [1, 2].map((i) => `request_id ${id(i)}`)
    expect(of(`request.id=${id(1)}`)).toEqual([one])
    expect(of(`status=200 AND request.id IN (${id(1)}, ${id(2)})`)).toEqual([one, two])
    expect(of(`request.id=${id(1)} OR request.id=${id(2)}`)).toEqual([one, two])
    expect(of('pod=a AND status=200')).toEqual(['src_pod a', 'dst_pod a'])
    expect(of('src.pod IN (a, b) OR dst.ip=10.0.0.1')).toEqual(['src_pod a', 'src_pod b', 'dst_ip 10.0.0.1'])
    expect(of(`pod=a AND request.id=${id(1)}`)).toEqual([one])
    expect(of(`pod.uid=${id(1)}`)).toEqual([`src_pod_uid ${id(1)}`, `dst_pod_uid ${id(1)}`])
    expect(of(`request.id=${id(1)} OR src.pod=a`)).toEqual([one, 'src_pod a'])
    const none = ['', `request.id=${id(1)} OR status=200`, `request.id!=${id(1)}`, `NOT request.id=${id(1)}`, 'request.id=abc', 'pod=a*', 'ip=10.0.0.0/8']
    for (const text of [...none, 'pod=""', 'workload=a', 'pod NOT IN (a)']) expect(of(text)).toBeUndefined()
  })
})

describe('a look by name', () => {
  it('is confined to the times in which it was seen', async () => {
    const reader = lab.reader()
    expect(await quarters(reader, `request.id=${id(7)}`)).toEqual([at(7), at(7.25)])
    expect(await quarters(reader, `request.id=${id(5_000)}`)).toEqual([])
    const hours = Array.from({ length: 12 }, (_, i) => 1 + 6 * i)
    const pod = whole(...hours)
    expect(await quarters(reader, 'src.pod=pod-1')).toEqual([])
    for (const text of ['pod=pod-1', 'dst.pod=pod-1', `pod.uid=${id(901)}`, 'ip=10.0.0.1']) expect(await quarters(reader, text)).toEqual(pod)
    expect(await quarters(reader, 'pod IN (pod-1, pod-2)')).toEqual(whole(...hours.flatMap((h) => [h, h + 1])))
    // Cut to the window; not at all for a short one.
    expect(await quarters(reader, `request.id=${id(7)}`, windowOf(start + 7.3 * hour, start + 20 * hour))).toEqual([at(7.25)])
    expect(await quarters(reader, `request.id=${id(7)}`, windowOf(start + 8 * hour, start + 20 * hour))).toEqual([])
    expect(await quarters(reader, 'pod=pod-1', windowOf(start, start + 13 * hour))).toEqual(whole(1, 7))
    expect(await quarters(reader, `request.id=${id(7)}`, windowOf(start + 7 * hour, start + 8 * hour))).toBeUndefined()
    expect(await quarters(reader, 'pod=pod-1', windowOf(start, start + 12 * hour))).toBeUndefined()
  })

  it('by id is the same where another server has the rows, for those who may see all of an organization', async () => {
    const reader = lab.reader()
    const { lookup, ...without } = reader
    for (const i of [0, 7, 40, 71, 5_000]) expect(await quarters(without, `request.id=${id(i)}`)).toEqual(await quarters(reader, `request.id=${id(i)}`))
    expect(await quarters(without, 'pod=pod-1')).toBeUndefined()
    const { lookup: _, ...some } = lab.reader({ org: 'main', clusters: ['east'] })
    expect(await quarters(some, `request.id=${id(7)}`)).toBeUndefined()
    expect(await lookup!('ids')).toMatch(/^mergeTreeProjection/)
  })

  it('looks at the rows where a part is older than the look-up', async () => {
    const old = await openLab()
    try {
      await old.insert('accesses', [{ ts: '2026-03-01 07:00:00.000000', row: 1, request_id: id(7), src_pod: 'a' }])
      await old.record.command('ALTER TABLE accesses CLEAR PROJECTION ids IN PARTITION 20260301 SETTINGS mutations_sync = 2')
      await old.insert('accesses', [{ ts: '2026-03-01 17:00:00.000000', row: 2, request_id: id(7), src_pod: 'a' }])
      const reader = old.reader()
      expect(await reader.lookup!('ids')).toBeUndefined()
      for (const text of [`request.id=${id(7)}`, 'pod=a']) expect(await quarters(reader, text)).toBeUndefined()
      const { accesses } = await search(reader, { query: parseQuery('pod=a'), window: days, fields: ['row'], limit: 10, order: 'oldest' })
      expect(accesses.map((a) => a.row)).toEqual([1, 2])
    } finally {
      await old.close()
    }
  })

  it('finds a request id over all time by one statement', async () => {
    const asked = async (text: string, { window = days, limit = 10, order = 'newest' as 'newest' | 'oldest' } = {}) => {
      const reader = lab.reader()
      let statements = 0
      const query: Reader['query'] = (...of) => {
        statements++
        return reader.query(...of)
      }
      const { accesses } = await search({ ...reader, query }, { query: parseQuery(text), window, fields: ['row'], limit, order })
      return [statements, accesses.map(({ row }) => row)]
    }
    expect(await asked(`request.id=${id(7)}`)).toEqual([1, [15, 14]])
    expect(await asked(`request.id=${id(5_000)}`)).toEqual([1, []])
    expect(await asked(`request.id IN (${id(70)}, ${id(7)}) AND reporter=server`)).toEqual([1, [141, 15]])
    // Of a window that has some of the rows, and of a page that those outside would fill.
    const many = `request.id IN (${[7, 20, 40, 70].map(id).join(', ')})`
    const window = windowOf(start + 19 * hour, start + 40.2 * hour)
    expect(await asked(many, { window })).toEqual([1, [80, 41, 40]])
    expect(await asked(many, { window, limit: 2 })).toEqual([2, [80, 41]])
    expect(await asked(many, { window, limit: 1, order: 'oldest' })).toEqual([2, [40]])
    expect(await asked(many, { window: windowOf(start + 19 * hour, start + 90 * hour), limit: 2 })).toEqual([1, [141, 140]])
  })

  it('answers the same rows in the same order, and only those that may be seen', async () => {
    type Scope = Parameters<typeof lab.reader>[0]
    const find = async (text: string, order: 'newest' | 'oldest', { limit = 100, scope = { org: 'main' } as Scope, plain = false } = {}) => {
      const reader = plain ? { ...lab.reader(scope), lookup: async () => undefined, broad: false } : lab.reader(scope)
      const request = { query: parseQuery(text), window: days, fields: ['request.id', 'reporter', 'row'], limit, order }
      const all: string[] = []
      for (let after: Awaited<ReturnType<typeof search>>['more'], more = true; more; more = after !== undefined) {
        const { accesses, more: next } = await search(reader, { ...request, ...(after ? { after } : {}) })
        all.push(...accesses.map((a) => `${a['request.id']} ${a.reporter}`))
        after = next
      }
      return all
    }
    const both = [`${id(7)} client`, `${id(7)} server`, `${id(60)} client`, `${id(60)} server`]
    const ids = `request.id IN (${id(60)}, ${id(7)})`
    expect(await find(ids, 'oldest')).toEqual(both)
    expect(await find(ids, 'newest')).toEqual(both.toReversed())
    expect(await find(ids, 'oldest', { scope: { org: 'main', clusters: ['east'] } })).toEqual(both.slice(0, 2))
    expect(await find(ids, 'oldest', { scope: { org: 'other' } })).toEqual([])
    expect(await find('pod=pod-1', 'oldest', { scope: { org: 'other' } })).toEqual([])
    expect(await find('pod=pod-1', 'oldest', { scope: { org: 'main', origin: 'demo' } })).toEqual([])
    for (const text of [
      'pod=pod-1',
      'pod=pod-1 AND reporter=client',
      'ip=10.0.0.1 AND pod=client-1',
      'pod=nobody',
      `src.pod=client-2 OR request.id=${id(7)}`,
      'pod=pod-1 OR pod=client-3',
    ])
      for (const order of ['newest', 'oldest'] as const)
        for (const scope of [{ org: 'main' }, { org: 'main', clusters: ['west'] }])
          for (const limit of [3, 100]) expect(await find(text, order, { limit, scope })).toEqual(await find(text, order, { limit, scope, plain: true }))
    expect(await find('pod=pod-1', 'newest')).toHaveLength(24)
  })

  it('takes a few hours first, neighbours as one', () => {
    const all = [...whole(...Array.from({ length: 30 }, (_, i) => i)), at(40)]
    const window = windowOf(start + 0.1 * hour, start + 40.1 * hour)
    const spans = (order: 'newest' | 'oldest') =>
      [...fewSpans(all, window, order)].map((some) => some.map((span) => span.map((us) => (us / 1_000 - start) / hour)))
    expect(spans('newest')).toEqual([
      [
        [26.25, 30],
        [40, 40.1],
      ],
      [[10.25, 26.25]],
      [[0.1, 10.25]],
    ])
    expect(spans('oldest')).toEqual([
      [[0.1, 4]],
      [[4, 20]],
      [
        [20, 30],
        [40, 40.1],
      ],
    ])
    expect([...fewSpans([], window, 'newest')]).toEqual([])
  })

  it('by id is answered from the roll-up where it is not read as a table', async () => {
    const plans: string[] = []
    const { lookup, ...reader } = lab.reader()
    const query: typeof reader.query = async (text, params, options) => {
      const plan = await reader.query<{ explain: string }>(`EXPLAIN ${text}`, params, options)
      plans.push(plan.map((line) => line.explain).join('\n'))
      return reader.query(text, params, options)
    }
    await quarters({ ...reader, query }, `request.id=${id(7)}`)
    expect(plans).toEqual([expect.stringContaining('(ids)')])
  })
})
