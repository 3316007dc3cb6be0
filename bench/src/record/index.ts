import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLog, openRecord, type RecordStore } from '@panoptes/server'
import { type BenchOptions, type BenchResult, cpuUsOf, defineBench, type Measure, pssOf, quantile } from '../harness.ts'
import { type Product, startProduct } from '../lab.ts'
import { meanSpeed, openSpeed, type Speed } from '../reference.ts'
import { ask, keysOf, type Question, questions } from './ask.ts'
import { beside } from './beside.ts'
import { load, type Sizes, sizes, type Zipped, zipped } from './load.ts'
import { askPeer, feedPeer } from './peer.ts'
import type { Shape } from './rows.ts'

interface Loaded {
  shape: Shape
  size: Sizes
  zip: Zipped
  version: string
}

const say = (text: string) => process.stderr.write(`${text}\n`)

/**
 * The rows in a folder. PANOPTES_BENCH_DIR keeps them there for the next run (loading 50 million takes far longer than asking);
 * else they are removed at the end.
 */
async function prepare(quick: boolean, seed: number): Promise<{ dir: string; kept: boolean; loaded: Loaded }> {
  const rows = quick ? 2_000_000 : Number(process.env.PANOPTES_BENCH_ROWS ?? 50_000_000)
  const kept = process.env.PANOPTES_BENCH_DIR !== undefined
  const dir = kept ? join(process.env.PANOPTES_BENCH_DIR!, `record-${rows}-${seed}`) : mkdtempSync(join(tmpdir(), 'panoptes-bench-record-'))
  const note = join(dir, 'loaded.json')
  if (existsSync(note)) return { dir, kept, loaded: JSON.parse(readFileSync(note, 'utf8')) as Loaded }
  if (kept) rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  // Ten million rows a day, the last hour being its peak.
  const shape: Shape = { rows, days: Math.max(1, Math.round(rows / 10_000_000)), end: Math.floor(Date.now() / 86_400_000) * 86_400, seed }
  const loaded = await withRecord(dir, async (record): Promise<Loaded> => {
    await load(record, shape)
    return { shape, size: await sizes(record), zip: await zipped(record, shape), version: record.status().version }
  })
  writeFileSync(note, JSON.stringify(loaded))
  return { dir, kept, loaded }
}

async function withRecord<T>(dir: string, work: (record: RecordStore) => Promise<T>): Promise<T> {
  const record = await openRecord({ dataDir: dir, log: createLog({ level: 'warn' }) })
  try {
    return await work(record)
  } finally {
    await record.close()
  }
}

async function keysOfAll(record: RecordStore, all: readonly Question[], times: number): Promise<Map<Question, string[]>> {
  const keys = new Map<Question, string[]>()
  for (const question of all) keys.set(question, await keysOf(record, question, times))
  return keys
}

/** The bars are for ten million rows a day: rows of a day with fewer lie further from their likes and take more. */
function sizeMeasures({ size, zip, shape }: Loaded): Measure[] {
  const full = shape.rows / shape.days >= 10_000_000
  const bar = (atMost: number) => (full ? { atMost } : { note: `bar at 10,000,000 rows a day: ${atMost}` })
  return [
    { name: 'row, 37 columns with indexes', value: size.small, unit: 'bytes', ...bar(36) },
    { name: 'row, all columns with indexes', value: size.row, unit: 'bytes', ...bar(55) },
    { name: 'indexes', value: size.indexes, unit: 'bytes' },
    { name: 'roll-up per minute', value: size.rollup, unit: 'bytes', note: 'per row of the record' },
    {
      name: 'zstd -3 of the same rows as JSON lines',
      value: zip.bytesPerRow,
      unit: 'bytes',
      note: `${zip.rows.toLocaleString('en')} rows in the order of arrival`,
    },
    { name: 'times smaller than zstd -3', value: zip.bytesPerRow / size.row, unit: 'ratio', atLeast: 1.7 },
    ...size.columns.map(({ name, bytes }): Measure => ({ name: `column ${name}`, value: bytes, unit: 'bytes' })),
  ]
}

/** A.6: bytes per row, and how long a person waits for an answer of the HTTP API, alone and while rows come in. */
async function run({ quick, seed, peer }: BenchOptions): Promise<BenchResult> {
  const { dir, kept, loaded } = await prepare(quick, seed)
  const measures = sizeMeasures(loaded)
  try {
    const keys = await withRecord(dir, (record) => keysOfAll(record, questions(loaded.shape), quick ? 40 : 200))
    const peers = peer ? await peerTimes(peer, dir, loaded.shape, keys) : undefined
    if (peers) measures.push({ name: 'peer: CPU per row that it took in', value: peers.feedUs, unit: 'us' })
    // A peer was asked on this machine: its times are bars as they are.
    const speed = peer ? undefined : await openSpeed()
    try {
      const times = await askAll(dir, keys, { quick, peers, speed })
      measures.push(...(speed?.measures() ?? []), ...times)
    } finally {
      await speed?.close()
    }
    return { measures, versions: { ClickHouse: loaded.version } }
  } finally {
    if (!kept) rmSync(dir, { recursive: true, force: true })
  }
}

interface Asking {
  quick: boolean
  peers?: Peer
  speed?: Speed
}

/**
 * Asks the product on a folder, alone and while rows come in. These machines change within a minute: the questions take turns,
 * and the machine's speed is measured between the rounds.
 */
async function askAll(dir: string, keys: ReadonlyMap<Question, string[]>, { quick, peers, speed }: Asking): Promise<Measure[]> {
  const product = await startProduct({ data: dir, controller: true })
  try {
    // A running server is warm: it has been asked before, and has read what it does only once after a start.
    for (const [question, some] of keys) await ask(product, question, some, 0, 1)
    await idle(product)
    const took = new Map<Question, number[]>([...keys.keys()].map((question) => [question, []]))
    const alone = speed ? [await speed.slower()] : []
    const each = (quick ? 40 : 200) / rounds
    for (let round = 0; round < rounds; round++) {
      say(`round ${round + 1} of ${rounds} …`)
      for (const [question, some] of keys) took.get(question)!.push(...(await ask(product, question, some, round * each, (round + 1) * each)))
      if (speed) alone.push(await speed.slower())
    }
    say('the same while 5,000 rows/s come in …')
    const meanwhile = new Map<Question, number[]>()
    const { perSecond, lagMs } = await beside(product, 5_000, async () => {
      for (const [question, some] of keys) meanwhile.set(question, await ask(product, question, some, 0, quick ? 20 : 100))
    })
    const enginePss = pssOf(engineOf(product))
    // Not while rows come in: how much slower that makes an answer is what its bar is about.
    const aside = speed ? [alone.at(-1)!, await speed.slower()] : []
    return [
      { name: 'rows that came in', value: perSecond, unit: 'rows/s', atLeast: 4_900 },
      { name: 'memory of the engine (PSS)', value: enginePss / 1e6, unit: 'MB' },
      ...[...took].flatMap(([question, times]) => timesOf(question.name, times, barsOf(question, peers), alone, peers && 'the peer is the bar')),
      ...[...meanwhile].flatMap(([question, times]) => {
        const note = peers && 'twice the peer where nothing comes in'
        return timesOf(`${question.name}, 5,000 rows/s coming in`, times, { p95: 2 * barsOf(question, peers).p95 }, aside, note)
      }),
      { name: 'server event-loop lag, p99.9', value: lagMs, unit: 'ms', atMost: 25, ...slowerBy(aside) },
    ]
  } finally {
    await product.stop()
  }
}

const rounds = 5

function timesOf(name: string, took: readonly number[], { p50, p95 }: { p50?: number; p95: number }, factors: readonly number[], note?: string): Measure[] {
  const more = { unit: 'ms', note, ...slowerBy(factors) } as const
  return [
    { name: `${name}, p50`, value: quantile(took, 0.5), ...more, ...(p50 ? { atMost: p50 } : {}) },
    { name: `${name}, p95`, value: quantile(took, 0.95), ...more, atMost: p95 },
  ]
}

const slowerBy = (factors: readonly number[]) => (factors.length > 0 ? { slower: meanSpeed(factors) } : {})

const engineOf = (product: Product): number => product.pids().find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('record/child'))!

/** Waits until the engine has nothing to do: the completeness of days is read once, and a kept folder may have a day that is over by now, which becomes one part. */
async function idle(product: Product): Promise<void> {
  const [windowMs, busyShare] = [3_000, 0.05]
  const engine = engineOf(product)
  for (const end = Date.now() + 600_000; Date.now() < end; ) {
    const before = cpuUsOf(engine)
    await sleep(windowMs)
    if (cpuUsOf(engine) - before < windowMs * 1_000 * busyShare) return
  }
}

/** What a question may take, ms: what the peer took, where there is one. */
function barsOf(question: Question, peers?: Peer): { p50: number; p95: number } {
  const took = peers?.times.get(question)
  return took ? { p50: quantile(took, 0.5), p95: quantile(took, 0.95) } : question
}

interface Peer {
  times: Map<Question, number[]>
  /** Its CPU per row that it took in. */
  feedUs: number
}

/** Loads a VictoriaLogs with the same rows and asks it the same. */
async function peerTimes(url: string, dir: string, shape: Shape, keys: ReadonlyMap<Question, string[]>): Promise<Peer> {
  say('feeding the peer …')
  const feedUs = await withRecord(dir, (record) => feedPeer(url, record, shape))
  const times = new Map<Question, number[]>()
  for (const [question, some] of keys) times.set(question, await askPeer(url, question, some, shape))
  return { times, feedUs }
}

export const record = defineBench({ name: 'record', title: 'The record: bytes per row and time per answer', run })
