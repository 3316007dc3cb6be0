import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Absence } from './absences.ts'
import { total } from './completeness.ts'
import { completenessAnswer } from './completeness-answers.ts'
import { readTally } from './completeness-hours.ts'
import { markOf } from './completeness-tally.ts'
import { type Lab, type LabRow, openLab } from './lab.ts'
import { windowOf } from './window.ts'

const start = Date.parse('2026-03-01T12:00:00Z')
const clock = (ms: number) => new Date(start + ms).toISOString().replace('T', ' ').replace('Z', '000')
let lab: Lab
beforeEach(async () => {
  lab = await openLab()
})
afterEach(() => lab?.close())

/** A proxy that ends `perSecond` requests a second and tells its counters every second. */
class LabProxy {
  readonly name: string
  readonly samples: LabRow[] = []
  readonly entries: LabRow[] = []
  total = 0
  bornMs: number
  epoch = 0
  private static row = 0

  constructor(name: string, bornMs: number) {
    this.name = name
    this.bornMs = bornMs
  }

  sample(ms: number, active = 0): void {
    const counters = { total: this.total + active, active, uptime_s: Math.floor((ms - this.bornMs) / 1_000), restart_epoch: this.epoch }
    this.samples.push({ ts: clock(ms), proxy: this.name, kind: 'http', row: LabProxy.row++, ...counters })
  }

  /** Requests that end evenly within (fromMs, toMs); `keep` says which reach the record. */
  run(fromMs: number, toMs: number, count: number, keep: (i: number) => boolean = () => true): void {
    for (let i = 0; i < count; i++) {
      this.total++
      const end = fromMs + ((i + 0.5) * (toMs - fromMs)) / count
      // Begun up to 3 s before it ended: belongs to the interval of its end.
      const took = (i % 4) * 1_000
      if (keep(i)) this.entries.push({ ts: clock(end - took), duration_us: took * 1_000, proxy: this.name, kind: 'DownstreamEnd', row: LabProxy.row++ })
    }
  }

  async store(): Promise<void> {
    if (this.entries.length > 0) await lab.insert('accesses', this.entries)
    if (this.samples.length > 0) await lab.insert('proxy_counters', this.samples)
  }
}

const answer = (fromMs: number, toMs: number, stepS: number, nowMs = toMs + 3_600_000, absences: Absence[] = []) =>
  completenessAnswer(lab.reader(), { window: windowOf(start + fromMs, start + toMs), stepS, limit: 100 }, absences, (start + nowMs) * 1_000)

describe('completeness', () => {
  it('counts what is missing exactly, per interval and over all, by the time of the end', async () => {
    const proxy = new LabProxy('a', -3_600_000)
    for (let s = -5; s < 65; s++) {
      proxy.sample(s * 1_000, 3)
      // The relay loses every tenth in the seconds 20 to 29.
      proxy.run(s * 1_000, (s + 1) * 1_000, 40, (i) => s < 20 || s >= 30 || i % 10 !== 0)
    }
    await proxy.store()
    const found = await answer(0, 60_000, 10)
    expect(found.intervals.map((i) => [i.expected, i.received, i.missed, i.state])).toEqual([
      [400, 400, 0, 'complete'],
      [400, 400, 0, 'complete'],
      [400, 360, 40, 'incomplete'],
      [400, 400, 0, 'complete'],
      [400, 400, 0, 'complete'],
      [400, 400, 0, 'complete'],
    ])
    // A window may end anywhere: nothing behind its end is expected in it.
    const cut = await answer(0, 25_500, 10)
    expect(cut.intervals.map((i) => [i.expected, i.missed])).toEqual([
      [400, 0],
      [400, 0],
      [200, 20],
    ])
    expect(found.total).toEqual({ expected: 2_400, received: 2_360, missed: 40, ratio: 2_360 / 2_400, state: 'incomplete', sourcesKnown: 1, sourcesUnknown: 0 })
    expect(markOf(await readTally(lab.reader(), start * 1_000, (start + 60_000) * 1_000, Date.now() * 1_000))).toEqual(found.total)
    expect((await completenessAnswer(lab.reader({ org: 'other' }), { window: windowOf(start, start + 60_000), stepS: 10, limit: 10 })).sources).toEqual([])
  })

  it('knows a restart by its counters and says unknown where a proxy was killed', async () => {
    const killed = new LabProxy('killed', -100_000)
    const ended = new LabProxy('ended', -100_000)
    for (let s = 0; s < 10; s++) {
      for (const proxy of [killed, ended]) {
        proxy.sample(s * 1_000)
        proxy.run(s * 1_000, (s + 1) * 1_000, 10)
      }
    }
    // One takes its last sample as it ends; the other dies with four requests that nobody counted, two of them logged.
    ended.run(9_900, 10_000, 0)
    ended.sample(9_400 + 600)
    ended.run(10_000, 10_300, 4)
    ended.sample(10_300)
    killed.sample(10_000)
    killed.run(10_000, 10_300, 4, (i) => i < 2)
    for (const proxy of [killed, ended]) {
      proxy.total = 0
      proxy.bornMs = 12_000
      for (let s = 13; s < 20; s++) {
        proxy.run((s - 1) * 1_000, s * 1_000, 20)
        proxy.sample(s * 1_000)
      }
      await proxy.store()
    }
    const found = await answer(0, 19_000, 5)
    const of = (name: string) => found.sources.find((s) => s.proxy === name)!
    expect(of('ended').total).toMatchObject({ missed: 0, state: 'complete' })
    expect(of('ended').intervals.map((i) => [i.missed, i.state])).toEqual([
      [0, 'complete'],
      [0, 'complete'],
      [0, 'complete'],
      [0, 'complete'],
    ])
    expect(of('killed').intervals[2]).toMatchObject({ missed: null, expected: null, state: 'unknown', note: 'the proxy was killed: tail unknown' })
    expect(of('killed').total).toMatchObject({ missed: 0, ratio: null, state: 'unknown' })
  })

  it('adds up a hot restart as Envoy tells it: the child has the parent’s open requests, and its uptime until that ends', async () => {
    const proxy = new LabProxy('hot', -100_000)
    proxy.sample(0)
    for (let s = 0; s < 10; s++) {
      proxy.run(s * 1_000, (s + 1) * 1_000, 10)
      proxy.sample((s + 1) * 1_000, s === 9 ? 4 : 0)
    }
    // The four that were open at the parent's last sample end under the child, which did not see them begin.
    proxy.total = -4
    proxy.epoch = 1
    for (let s = 10; s < 20; s++) {
      proxy.run(s * 1_000, (s + 1) * 1_000, 10)
      if (s === 15) proxy.bornMs = 10_000
      proxy.sample((s + 1) * 1_000, 2)
    }
    await proxy.store()
    const [source] = (await answer(0, 20_000, 5)).sources
    expect(source!.intervals.map(({ expected, missed, state, note }) => [expected, missed, state, note])).toEqual([
      [50, 0, 'complete', ''],
      [50, 0, 'complete', ''],
      [50, 0, 'complete', 'hot restart: epoch began'],
      [null, null, 'unknown', 'hot restart: the old process ended: tail unknown'],
    ])
    expect(source!.total).toMatchObject({ expected: 200, received: 200, missed: 0, state: 'unknown' })
  })

  it('proves nothing where counters went away while the proxy lived on', async () => {
    const proxy = new LabProxy('shrunk', -100_000)
    proxy.sample(0)
    for (let s = 0; s < 20; s++) {
      proxy.run(s * 1_000, (s + 1) * 1_000, 10)
      if (s === 12) proxy.total -= 60
      proxy.sample((s + 1) * 1_000)
    }
    await proxy.store()
    const [source] = (await answer(0, 20_000, 10)).sources
    expect(source!.intervals.map(({ missed, state, note }) => [missed, state, note])).toEqual([
      [0, 'complete', ''],
      [null, 'unknown', 'counters of a listener went away'],
    ])
    expect(source!.total).toMatchObject({ missed: 0, ratio: null, state: 'unknown' })
  })

  it('says that nothing was expected where the counters stand still and nothing came, unless a controller is away', async () => {
    const quiet = new LabProxy('quiet', -100_000)
    for (let s = -1; s < 20; s++) quiet.sample(s * 1_000)
    await quiet.store()
    const found = await answer(0, 15_000, 5)
    expect(found.total).toMatchObject({ expected: 0, received: 0, missed: 0, ratio: null, state: 'nothing-expected', sourcesKnown: 1 })
    expect(found.intervals.every((i) => i.state === 'nothing-expected')).toBe(true)
    const away = [{ controller: 'c1', cluster: 'east', since: new Date(start + 10_000) }]
    const unsure = await answer(0, 15_000, 5, 60_000, away)
    expect(unsure.total).toMatchObject({ missed: 0, ratio: null, state: 'unknown' })
    expect(unsure.gaps).toMatchObject([{ from: away[0]!.since.toISOString(), reason: 'controller-away', controller: 'c1', missed: null }])
    expect((await answer(0, 5_000, 5, 60_000, away)).gaps).toEqual([])
    // One that is sending what it has kept: what is not there yet is not missing.
    const behind = await answer(0, 15_000, 5, 60_000, [{ ...away[0]!, waiting: 400 }])
    expect(behind.total).toMatchObject({ missed: null, ratio: null, state: 'pending' })
    expect(behind.gaps).toMatchObject([{ reason: 'controller-behind', missed: null }])
    expect((await answer(-900_000, -600_000, 60)).total).toMatchObject({ ratio: null, state: 'nothing-expected', sourcesKnown: 0, sourcesUnknown: 0 })
  })

  it('says unknown without counters, pending while the newest interval is open, unknown tail for a proxy that is gone', async () => {
    const silent = new LabProxy('silent', 0)
    silent.run(0, 10_000, 10)
    await silent.store()
    expect((await answer(0, 10_000, 10)).total).toEqual({
      expected: null,
      received: 10,
      missed: null,
      ratio: null,
      state: 'unknown',
      sourcesKnown: 0,
      sourcesUnknown: 1,
    })

    // Its silence proves nothing either.
    expect(total([{ cluster: 'lab', controller: 'c1', proxy: 'silent', kind: 'http', known: false, cells: [] }], () => true)).toMatchObject({
      state: 'unknown',
      missed: null,
    })

    const live = new LabProxy('live', -100_000)
    for (let s = 0; s < 60; s++) {
      live.sample(s * 1_000)
      live.run(s * 1_000, (s + 1) * 1_000, 10, () => s < 50)
    }
    await live.store()
    const now = await completenessAnswer(
      lab.reader(),
      { window: windowOf(start, start + 60_000), stepS: 10, limit: 10, proxy: 'live' },
      [],
      (start + 60_000) * 1_000,
    )
    expect(now.intervals.at(-1)!.state).toBe('pending')
    expect(now.total.state).toBe('complete')
    const later = await completenessAnswer(
      lab.reader(),
      { window: windowOf(start, start + 120_000), stepS: 10, limit: 10, proxy: 'live' },
      [],
      (start + 120_000) * 1_000,
    )
    expect(later.intervals.at(-1)).toMatchObject({ state: 'incomplete', missed: 90 })
    expect(later.sources[0]!.intervals.at(-1)).toMatchObject({
      from: new Date(start + 59_000).toISOString(),
      state: 'unknown',
      note: 'the proxy sent no more counters: tail unknown',
    })
    expect(later.intervals.slice(0, 5).every((i) => i.state === 'complete')).toBe(true)
  })

  it('counts a proxy from its start where it was seen soon after, and names the gaps that were reported', async () => {
    const proxy = new LabProxy('young', 500)
    proxy.run(600, 3_900, 30, (i) => i >= 5)
    proxy.sample(4_000)
    proxy.run(4_000, 8_900, 10)
    proxy.sample(9_000)
    proxy.sample(14_000)
    await proxy.store()
    await lab.insert('gaps', [
      { ts: clock(1_000), until: clock(2_000), stream: 'accesses', proxy: 'young', reason: 'spool-full', missed: 5, unknown: 0, detail: 'five' },
    ])
    const found = await answer(0, 14_000, 14)
    expect(found.total).toMatchObject({ expected: 40, received: 35, missed: 5, state: 'incomplete' })
    expect(found.gaps).toMatchObject([{ reason: 'spool-full', missed: 5, proxy: 'young' }])
  })
})
