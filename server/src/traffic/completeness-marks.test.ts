import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Accepted } from '../ingest/index.ts'
import { completenessAnswer } from './completeness-answers.ts'
import { CompletenessMarks } from './completeness-marks.ts'
import { type Lab, type LabRow, openLab } from './lab.ts'
import { windowOf } from './window.ts'

const hourMs = 3_600_000
const start = Date.parse('2026-03-01T12:00:00Z')
const clock = (ms: number) => new Date(start + ms).toISOString().replace('T', ' ').replace('Z', '000')
let lab: Lab
let marks: CompletenessMarks
let tell: (accepted: Accepted) => void

beforeEach(async () => {
  lab = await openLab()
  const subscribe = (listener: typeof tell) => {
    tell = listener
    return () => {}
  }
  marks = new CompletenessMarks(async () => [], { subscribe })
})
afterEach(async () => {
  marks.close()
  await lab?.close()
})

/** A request every 20 s and a sample every 30 s over five hours, neither on the edges of hours; `lost` are not in the record. */
async function store(proxy: string, lost: (i: number) => boolean): Promise<LabRow[]> {
  const ends = Array.from({ length: 900 }, (_, i) => i * 20_000 + 7_000)
  const entries = ends.map((end, i) => ({ ts: clock(end - 12_000), duration_us: 12_000_000, proxy, kind: 'DownstreamEnd', row: i }))
  const samples = Array.from({ length: 602 }, (_, i) => {
    const at = i * 30_000 - 11_000
    return { ts: clock(at), proxy, kind: 'http', row: i, total: ends.filter((end) => end <= at).length, active: 0, uptime_s: 90_000 + i * 30, restart_epoch: 0 }
  })
  await lab.insert(
    'accesses',
    entries.filter((_, i) => !lost(i)),
  )
  await lab.insert('proxy_counters', samples)
  return entries.filter((_, i) => lost(i))
}

const window = windowOf(start, start + 5 * hourMs)
const mark = () => marks.mark(lab.reader(), { org: 'main' }, window, 60_000)
const direct = async () => (await completenessAnswer(lab.reader(), { window, stepS: 5 * 3_600, limit: 10 })).total

it('a window of hours says what all its rows say at once', async () => {
  await store('a', (i) => i % 50 === 17)
  const found = await mark()
  expect(found).toMatchObject({ missed: 18, state: 'incomplete', sourcesKnown: 1, sourcesUnknown: 0 })
  expect(found).toEqual(await direct())
})

it('a source without counters is counted once, however many hours it spoke in', async () => {
  await store('a', () => false)
  const alone = Array.from({ length: 10 }, (_, i) => ({ ts: clock(i * 1_000_000), duration_us: 1_000, proxy: 'b', kind: 'DownstreamEnd', row: 5_000 + i }))
  await lab.insert('accesses', alone)
  expect(await mark()).toMatchObject({ state: 'unknown', sourcesKnown: 1, sourcesUnknown: 1, received: 910 })
})

it('entries that come late are in the next mark', async () => {
  const late = await store('a', (i) => i === 400)
  expect((await mark()).missed).toBe(1)
  await lab.insert('accesses', late)
  const untilUs = (start + 400 * 20_000) * 1_000
  tell({ principal: { org: 'other' }, header: { stream: 'accesses' }, fromUs: untilUs, untilUs } as unknown as Accepted)
  tell({ principal: { org: 'main' }, header: { stream: 'accesses' }, fromUs: untilUs, untilUs } as unknown as Accepted)
  // Another window, so that the hours are added up again.
  const wider = windowOf(start, start + 5 * hourMs + 60_000)
  expect(await marks.mark(lab.reader(), { org: 'main' }, wider, 60_000)).toMatchObject({ missed: 0, received: 900 })
})
