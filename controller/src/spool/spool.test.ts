import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StreamPosition } from '@panoptes/contract/ingest'
import { afterEach, describe, expect, it } from 'vitest'
import { numberOf, random, rawBatch } from '../testing/index.ts'
import { type Loss, Spool, type SpoolOptions } from './index.ts'

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

/** Sends everything, as a link would; answers the numbers of the batches and where the server stands then. */
async function drain(spool: Spool, server: StreamPosition | undefined, most = Number.POSITIVE_INFINITY) {
  await spool.resume(server ? { accesses: server } : {})
  const numbers: number[] = []
  let position = server
  let prev: string | undefined
  while (numbers.length < most) {
    const ready = await spool.next('accesses')
    if (!ready) break
    const { epoch, seq, sha256 } = ready.header
    if (position && position.epoch === epoch) expect(seq).toBe(position.seq + 1)
    else {
      expect(seq).toBe(1)
      expect(epoch).toBeGreaterThan(position?.epoch ?? 0)
    }
    if (seq === 1) expect(ready.header.prev).toBe('')
    else if (prev !== undefined) expect(ready.header.prev).toBe(prev)
    else expect(ready.header.prev).toMatch(/^[0-9a-f]{64}$/)
    prev = sha256
    position = { epoch, seq }
    numbers.push(numberOf(ready.payload))
    await spool.acknowledge('accesses', position)
  }
  return { numbers, position }
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
    const { header } = (await spool.next('accesses'))!
    expect((await drain(spool, { epoch: header.epoch, seq: 4 })).numbers).toEqual([4, 5])
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

  it('holds what it said it holds, whenever the process is killed', async () => {
    const dir = folder()
    const next = random(7)
    const held: number[] = []
    let server: StreamPosition | undefined
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
      const drained = await drain(spool, server, round % 2 === 0 ? 20 : Number.POSITIVE_INFINITY)
      got.push(...drained.numbers)
      server = drained.position
      expect(losses).toEqual([])
      await spool.close()
    }
    const last = open(dir)
    got.push(...(await drain(last.spool, server)).numbers)
    await last.spool.close()
    expect(new Set(got).size).toBe(got.length)
    expect(held.filter((n) => !got.includes(n))).toEqual([])
    expect([...got].sort((a, b) => a - b)).toEqual(got)
  }, 60_000)
})
