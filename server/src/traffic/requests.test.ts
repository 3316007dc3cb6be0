import { parseQuery } from '@panoptes/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, openLab } from './lab.ts'
import { quartersOf, requestIdsOf } from './requests.ts'
import { search } from './search.ts'
import { windowOf } from './window.ts'

const id = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`
const start = Date.parse('2026-03-01T00:00:00Z')
const hour = 3_600_000
const days = windowOf(start, start + 72 * hour)
let lab: Lab

beforeAll(async () => {
  lab = await openLab()
  // A request every hour for three days, told by both sides 20 minutes apart.
  const rows = Array.from({ length: 144 }, (_, i) => {
    const at = new Date(start + Math.floor(i / 2) * hour + (i % 2) * 1_200_000).toISOString().replace('T', ' ').replace('Z', '000')
    return {
      ts: at,
      row: i,
      kind: 'DownstreamEnd',
      reporter: i % 2 ? 'server' : 'client',
      request_id: id(Math.floor(i / 2)),
      cluster: i < 100 ? 'east' : 'west',
    }
  })
  for (const some of [rows.slice(0, 80), rows.slice(80)]) await lab.insert('accesses', some)
})
afterAll(() => lab?.close())

describe('a look by request id', () => {
  it('knows when every match must have one of some ids', () => {
    const of = (text: string) => requestIdsOf(parseQuery(text))
    expect(of(`request.id=${id(1)}`)).toEqual([id(1)])
    expect(of(`status=200 AND request.id IN (${id(1)}, ${id(2)})`)).toEqual([id(1), id(2)])
    expect(of(`request.id=${id(1)} OR request.id=${id(2)}`)).toEqual([id(1), id(2)])
    for (const none of ['', `request.id=${id(1)} OR status=200`, `request.id!=${id(1)}`, `NOT request.id=${id(1)}`, 'request.id=abc'])
      expect(of(none)).toBeUndefined()
  })

  it('is confined to the quarters of an hour in which the id was seen', async () => {
    const at = (start + 7 * hour) * 1_000
    // Both sides' quarters lie side by side.
    expect(await quartersOf(lab.reader(), [id(7)], days)).toEqual([[at, at + 1_800e6]])
    expect(await quartersOf(lab.reader(), [id(5_000)], days)).toEqual([])
    expect(await quartersOf(lab.reader({ org: 'other' }), [id(7)], days)).toEqual([])
    // Cut to the window; not at all for a short one, nor for a reader of some clusters: the roll-up does not know those.
    expect(await quartersOf(lab.reader(), [id(7)], windowOf(start + 7 * hour + 60_000, start + 20 * hour))).toEqual([[at + 60e6, at + 1_800e6]])
    expect(await quartersOf(lab.reader(), [id(7)], windowOf(start + 7 * hour, start + 8 * hour))).toBeUndefined()
    expect(await quartersOf(lab.reader({ org: 'main', clusters: ['east'] }), [id(7)], days)).toBeUndefined()
  })

  it('is the same where some parts lack the look-up', async () => {
    const reader = lab.reader()
    const without = { ...reader, requests: async () => undefined }
    for (const i of [0, 7, 40, 71, 5_000]) expect(await quartersOf(reader, [id(i)], days)).toEqual(await quartersOf(without, [id(i)], days))
    const demo = lab.reader({ org: 'main', origin: 'demo' })
    expect(await quartersOf(demo, [id(7)], days)).toEqual([])
    expect(await lab.reader({ org: 'main', clusters: ['east'] }).requests!()).toBeUndefined()
    expect((await reader.requests!())?.from).toMatch(/^mergeTreeProjection/)
  })

  it('is found in the rows where a part is older than the look-up', async () => {
    const old = await openLab()
    try {
      await old.insert('accesses', [{ ts: '2026-03-01 07:00:00.000000', row: 1, request_id: id(7) }])
      await old.record.command('ALTER TABLE accesses CLEAR PROJECTION requests IN PARTITION 20260301 SETTINGS mutations_sync = 2')
      await old.insert('accesses', [{ ts: '2026-03-01 17:00:00.000000', row: 2, request_id: id(7) }])
      const reader = old.reader()
      expect(await reader.requests!()).toBeUndefined()
      const at = (start + 7 * hour) * 1_000
      expect(await quartersOf(reader, [id(7)], days)).toEqual([7, 17].map((h) => [at + (h - 7) * 3_600e6, at + (h - 7) * 3_600e6 + 900e6]))
    } finally {
      await old.close()
    }
  })

  it('answers the same rows in the same order, and from the roll-up', async () => {
    const find = async (text: string, order: 'newest' | 'oldest', scope = { org: 'main' } as { org: string; clusters?: string[] }) =>
      (await search(lab.reader(scope), { query: parseQuery(text), window: days, fields: ['request.id', 'reporter'], limit: 10, order })).accesses.map(
        (a) => `${a['request.id']} ${a.reporter}`,
      )
    const both = [`${id(7)} client`, `${id(7)} server`, `${id(60)} client`, `${id(60)} server`]
    expect(await find(`request.id IN (${id(60)}, ${id(7)})`, 'oldest')).toEqual(both)
    expect(await find(`request.id IN (${id(60)}, ${id(7)})`, 'newest')).toEqual(both.toReversed())
    expect(await find(`request.id IN (${id(60)}, ${id(7)})`, 'oldest', { org: 'main', clusters: ['east'] })).toEqual(both.slice(0, 2))
    const asked: string[] = []
    const reader = lab.reader()
    const query: typeof reader.query = (text, params, options) => {
      asked.push(text)
      return reader.query(text, params, options)
    }
    await quartersOf({ ...reader, query, requests: async () => undefined }, [id(7)], days)
    const literal = asked[0]!.replace(/\{(\w+):UUID\}/g, `toUUID('${id(7)}')`)
    const plan = await reader.query<{ explain: string }>(`EXPLAIN ${literal} SETTINGS optimize_use_projections = 1`)
    expect(plan.map((line) => line.explain).join('\n')).toContain('(requests)')
  })
})
