import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StreamPosition } from '@panoptes/contract/ingest'
import { afterEach, describe, expect, it } from 'vitest'
import { numberOf, random, rawBatch } from '../testing/index.ts'
import { type LaneName, type Loss, laneNames, type Ready, Spool, type SpoolOptions } from './index.ts'

const dirs: string[] = []
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
})

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'spool-'))
  dirs.push(dir)
  return dir
}

function open(dir: string, options: Partial<SpoolOptions> = {}) {
  const losses: Loss[] = []
  const spool = new Spool({
    dir,
    maxBytes: 1e9,
    maxAge: 1e12,
    keep: 'newest',
    now: Date.now,
    lost: (_stream, loss) => losses.push(loss),
    trouble: () => {},
    ...options,
  })
  return { spool, losses }
}

/**
 * Sends everything, as a link would, lane by turns; answers the numbers of the batches, those of each epoch, and where the
 * server stands then. With `lostAnswers` it has one batch more of each lane than the spool was told.
 */
async function drain(spool: Spool, server: StreamPosition[] = [], most = Number.POSITIVE_INFINITY, lostAnswers = false) {
  await spool.resume({ accesses: server })
  const positions = new Map(server.map(({ epoch, seq }) => [epoch, seq]))
  const chain = new Map<number, string>()
  const numbers: number[] = []
  const lanes = new Map<number, number[]>()
  const send = async (lane: LaneName) => {
    const [ready] = await spool.next('accesses', lane)
    if (!ready) return undefined
    const { epoch, seq, sha256, prev } = ready.header
    expect(seq).toBe((positions.get(epoch) ?? 0) + 1)
    if (seq === 1) expect(prev).toBe('')
    else if (chain.has(epoch)) expect(prev).toBe(chain.get(epoch))
    else expect(prev).toMatch(/^[0-9a-f]{64}$/)
    chain.set(epoch, sha256)
    positions.set(epoch, seq)
    const number = numberOf(ready.payload)
    numbers.push(number)
    lanes.set(epoch, [...(lanes.get(epoch) ?? []), number])
    return { epoch, seq }
  }
  for (let sent = true; sent && numbers.length < most; ) {
    sent = false
    for (const lane of laneNames) {
      const to = await send(lane)
      if (to) await spool.acknowledge('accesses', to, lane)
      sent ||= to !== undefined
    }
  }
  if (lostAnswers) for (const lane of laneNames) await send(lane)
  const position = [...positions].map(([epoch, seq]) => ({ epoch, seq })).sort((x, y) => y.epoch - x.epoch)
  return { numbers, lanes, position }
}

const accesses = (dir: string): string => join(dir, 'spool', 'accesses')
const segments = (dir: string): string[] =>
  readdirSync(accesses(dir))
    .filter((f) => f.endsWith('.seg'))
    .map((f) => join(accesses(dir), f))
const upTo = (n: number, from = 0): number[] => Array.from({ length: n - from }, (_, i) => i + from)

async function fill(dir: string, n: number, from = 0, options: Partial<SpoolOptions> = {}): Promise<Loss[]> {
  const { spool, losses } = open(dir, options)
  for (let i = from; i < n; i++) await spool.submit(rawBatch(i))
  await spool.close()
  return losses
}

describe('the spool', () => {
  it('gives batches back in order, chained, over restarts', async () => {
    const dir = folder()
    await fill(dir, 5)
    const first = open(dir)
    const { numbers, position } = await drain(first.spool, undefined, 3)
    expect(numbers).toEqual([0, 1, 2])
    await first.spool.close()
    await fill(dir, 8, 5)
    const second = open(dir)
    expect((await drain(second.spool, position)).numbers).toEqual([3, 4, 5, 6, 7])
    expect(second.losses).toEqual([])
    expect(second.spool.waiting).toBe(0)
    await second.spool.close()
  })

  it('lets go of what the server has although its acknowledgement was lost', async () => {
    const dir = folder()
    await fill(dir, 6)
    const { spool, losses } = open(dir)
    await spool.resume({})
    const [{ header }] = (await spool.next('accesses')) as [Ready]
    expect((await drain(spool, [{ epoch: header.epoch, seq: 4 }])).numbers).toEqual([4, 5])
    expect(losses).toEqual([])
    await spool.close()
  })

  it('forgets a torn tail without a word', async () => {
    const dir = folder()
    await fill(dir, 3)
    const [seg] = segments(dir)
    const bytes = readFileSync(seg!)
    writeFileSync(seg!, Buffer.concat([bytes, bytes.subarray(0, 500)]))
    await fill(dir, 5, 3)
    const { spool, losses } = open(dir)
    expect((await drain(spool, undefined)).numbers).toEqual(upTo(5))
    expect(losses).toEqual([])
    await spool.close()
  })

  it('reports a truncated segment, batch by batch', async () => {
    const dir = folder()
    await fill(dir, 5)
    const [seg] = segments(dir)
    truncateSync(seg!, Math.floor(readFileSync(seg!).length * 0.5))
    await fill(dir, 7, 5)
    const { spool, losses } = open(dir)
    expect((await drain(spool, undefined)).numbers).toEqual([0, 1, 5, 6])
    expect(losses.map((l) => [l.reason, l.lines.map((x) => x.rows)])).toEqual([['spool-damaged', [12, 13, 14]]])
    expect(losses[0]!.lines[0]!.proxies).toEqual({ a: 10, b: 2 })
    expect(readdirSync(join(dir, 'spool', 'damaged')).length).toBe(1)
    await spool.close()
  })

  it('keeps what lies behind flipped bits, and reports what they hit', async () => {
    const dir = folder()
    await fill(dir, 6)
    const [seg] = segments(dir)
    const bytes = readFileSync(seg!)
    bytes[Math.floor(bytes.length * 0.42)]! ^= 4
    writeFileSync(seg!, bytes)
    const { spool, losses } = open(dir)
    const { numbers, position } = await drain(spool, undefined)
    expect(numbers).toEqual([0, 1, 3, 4, 5])
    expect(losses.flatMap((l) => l.lines.map((x) => x.rows))).toEqual([12])
    await spool.submit(rawBatch(6))
    expect((await drain(spool, position)).numbers).toEqual([6])
    await spool.close()
  })

  it('reports a segment that is gone', async () => {
    const dir = folder()
    for (let i = 0; i < 6; i += 2) await fill(dir, i + 2, i)
    rmSync(segments(dir)[1]!)
    const { spool, losses } = open(dir)
    expect((await drain(spool, undefined)).numbers).toEqual([0, 1, 4, 5])
    expect(losses.flatMap((l) => l.lines.map((x) => x.rows))).toEqual([12, 13])
    await spool.close()
    const again = open(dir)
    await again.spool.resume({})
    expect(again.losses.filter((l) => l.reason === 'spool-damaged')).toEqual([])
    await again.spool.close()
  })

  it('takes the server’s word where its own notes are damaged or gone: nothing twice, nothing left out', async () => {
    const next = random(11)
    for (let round = 0; round < 24; round++) {
      const dir = folder()
      await fill(dir, 8)
      const first = open(dir)
      const before = await drain(first.spool, undefined, 3 + (round % 5), round % 2 === 0) // of every other, the last answer was lost
      await first.spool.close()
      for (const file of ['position.json', readdirSync(accesses(dir)).find((f) => f.endsWith('.idx'))!]) {
        const path = join(accesses(dir), file)
        const bytes = readFileSync(path)
        if (round % 3 === 0) rmSync(path)
        else if (round % 3 === 1) truncateSync(path, Math.floor(next() * bytes.length))
        else {
          bytes[Math.floor(next() * bytes.length)]! ^= 1 << Math.floor(next() * 8)
          writeFileSync(path, bytes)
        }
      }
      await fill(dir, 11, 8)
      const { spool, losses } = open(dir)
      const all = [...before.numbers, ...(await drain(spool, before.position)).numbers]
      expect([...new Set(all)].sort((x, y) => x - y)).toEqual(upTo(11))
      expect(all.length).toBe(11)
      // what an index would have named that is gone, nobody can say
      for (const loss of losses) expect(loss).toEqual({ reason: 'spool-damaged', lines: [], batches: 1 })
      expect(losses.length).toBeLessThanOrEqual(1)
      await spool.close()
    }
  })

  it('gives new names to what was written where the server has batches that a file lost', async () => {
    for (const notes of [true, false]) {
      const dir = folder()
      await fill(dir, 8)
      const first = open(dir)
      const { numbers, position } = await drain(first.spool, undefined, 6)
      expect(numbers).toEqual(upTo(6))
      await first.spool.close()
      const [seg] = segments(dir)
      truncateSync(seg!, Math.floor(readFileSync(seg!).length * 0.4))
      if (!notes) for (const file of readdirSync(accesses(dir))) if (!file.endsWith('.seg')) rmSync(join(accesses(dir), file))
      // the controller comes back before the server does, and goes on
      await fill(dir, 10, 8)
      const { spool, losses } = open(dir)
      await spool.submit(rawBatch(10))
      expect((await drain(spool, position)).numbers).toEqual([8, 9, 10])
      expect(losses.flatMap((l) => l.lines.map((x) => x.rows))).toEqual(notes ? [16, 17] : [])
      expect(losses.map(({ reason }) => reason)).toEqual(['spool-damaged'])
      await spool.close()
    }
  })

  it('drops the oldest or the newest when it is full, and counts them', async () => {
    for (const keep of ['newest', 'oldest'] as const) {
      const dir = folder()
      const { spool, losses } = open(dir, { keep, maxBytes: 700_000 })
      for (let i = 0; i < 60; i++) await spool.submit(rawBatch(i, 20_000))
      expect(spool.bytes).toBeLessThan(760_000)
      const { numbers } = await drain(spool, undefined)
      const missing = upTo(60).filter((n) => !numbers.includes(n))
      expect(missing.length).toBeGreaterThan(10)
      expect(numbers.includes(keep === 'newest' ? 59 : 0)).toBe(true)
      expect(numbers.includes(keep === 'newest' ? 0 : 59)).toBe(false)
      const rows = losses.flatMap((l) => l.lines).reduce((sum, l) => sum + l.rows, 0)
      expect(rows).toBe(missing.reduce((sum, n) => sum + 10 + n, 0))
      expect(new Set(losses.map((l) => l.reason))).toEqual(new Set(['spool-full']))
      await spool.close()
    }
  })

  it('sets a refused batch aside and goes on with a new epoch', async () => {
    const dir = folder()
    await fill(dir, 4)
    const { spool, losses } = open(dir)
    const { position } = await drain(spool, undefined, 1)
    await spool.refuse('accesses')
    expect(losses.flatMap((l) => l.lines.map((x) => x.rows))).toEqual([11])
    expect((await drain(spool, position)).numbers).toEqual([2, 3])
    await spool.close()
  })

  it('starts a new epoch where the server has forgotten, and says so', async () => {
    const dir = folder()
    await fill(dir, 4)
    const { spool, losses } = open(dir)
    await drain(spool, undefined, 2)
    expect((await drain(spool, undefined)).numbers).toEqual([2, 3])
    expect(losses.map((l) => l.reason)).toEqual(['tail-unknown'])
    await spool.close()
  })

  it('sends what is new beside a backlog, over restarts, and removes the backlog then', async () => {
    const dir = folder()
    await fill(dir, 12)
    const first = open(dir)
    await first.spool.resume({})
    for (let i = 12; i < 15; i++) await first.spool.submit(rawBatch(i))
    const { numbers, position } = await drain(first.spool, [], 4)
    expect(numbers).toEqual([12, 0, 13, 1])
    await first.spool.close()
    await fill(dir, 26, 15)
    const second = open(dir)
    const lost = await drain(second.spool, position, 2, true)
    expect(lost.numbers).toEqual([2, 3, 4])
    await second.spool.submit(rawBatch(26))
    const rest = await drain(second.spool, lost.position)
    expect([...rest.lanes.values()]).toEqual([[26], upTo(12, 5), [14], upTo(26, 15)])
    expect(second.losses).toEqual([])
    expect(readdirSync(join(dir, 'spool')).filter((name) => name.startsWith('accesses'))).toEqual(['accesses'])
    await second.spool.close()
  })

  it('goes on with a backlog of which a batch is damaged, dropped or refused', async () => {
    const dir = folder()
    await fill(dir, 12)
    const bytes = readFileSync(segments(dir)[0]!)
    bytes[Math.floor(bytes.length * 0.3)]! ^= 4
    writeFileSync(segments(dir)[0]!, bytes)
    const { spool, losses } = open(dir)
    const { numbers, position } = await drain(spool, [], 2)
    await spool.submit(rawBatch(12))
    await spool.refuse('accesses', 'backlog')
    const rest = await drain(spool, position)
    expect([...numbers, ...rest.numbers].sort((a, b) => a - b)).toEqual([0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    expect(losses.flatMap((l) => l.lines.map((x) => x.rows))).toEqual([13, 12])
    await spool.close()
  })

  it('holds what it said it holds, whenever the process is killed', async () => {
    const dir = folder()
    const next = random(7)
    const held: number[] = []
    let server: StreamPosition[] = []
    const lanes = new Map<number, number[]>()
    const got: number[] = []
    let start = 0
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, [new URL('../testing/spool-child.ts', import.meta.url).pathname, dir, String(start)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let text = ''
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      while (!text.includes('\n')) await once(child.stdout, 'data')
      await new Promise((done) => setTimeout(done, next() * 300))
      child.kill('SIGKILL')
      await once(child, 'close')
      held.push(...text.split('\n').slice(0, -1).map(Number))
      start = Math.max(...held) + 10
      const { spool, losses } = open(dir)
      const drained = await drain(spool, server, round % 3 === 2 ? Number.POSITIVE_INFINITY : 20, round % 2 === 0)
      got.push(...drained.numbers)
      for (const [epoch, numbers] of drained.lanes) lanes.set(epoch, [...(lanes.get(epoch) ?? []), ...numbers])
      server = drained.position
      expect(losses).toEqual([])
      await spool.close()
    }
    const last = open(dir)
    got.push(...(await drain(last.spool, server)).numbers)
    await last.spool.close()
    expect(new Set(got).size).toBe(got.length)
    expect(held.filter((n) => !got.includes(n))).toEqual([])
    for (const numbers of lanes.values()) expect([...numbers].sort((a, b) => a - b)).toEqual(numbers)
    expect(lanes.size).toBeGreaterThan(2)
    expect(readdirSync(join(dir, 'spool')).filter((name) => name.startsWith('accesses'))).toEqual(['accesses'])
  }, 60_000)
})
