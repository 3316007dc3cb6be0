import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog, openRecord, type RecordStore } from '@panoptes/server'
import { type BenchOptions, type BenchResult, defineBench, type Measure, pssOf, quantile, type Reference, referenceMeasures } from '../harness.ts'
import { startProduct } from '../lab.ts'
import { ask, keysOf, type Question, questions } from './ask.ts'
import { beside } from './beside.ts'
import { load, type Sizes, sizes, type Zipped, zipped } from './load.ts'
import { askPeer, feedPeer } from './peer.ts'
import { readReferences } from './reference.ts'
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
    const all = questions(loaded.shape)
    const { keys, before } = await withRecord(dir, async (record) => ({
      keys: await keysOfAll(record, all, quick ? 40 : 200),
      before: await readReferences(record),
    }))
    const peers = peer ? await peerTimes(peer, dir, loaded.shape, keys) : undefined
    if (peers) measures.push({ name: 'peer: CPU per row that it took in', value: peers.feedUs, unit: 'us' })
    const times: Measure[] = []
    let busy: { perSecond: number; lagMs: number }
    const product = await startProduct({ data: dir, controller: true })
    try {
      const put = (name: string, took: readonly number[], p50?: number, p95?: number, note?: string) =>
        times.push(
          { name: `${name}, p50`, value: quantile(took, 0.5), unit: 'ms', ...(p50 ? { atMost: p50 } : {}), note },
          { name: `${name}, p95`, value: quantile(took, 0.95), unit: 'ms', ...(p95 ? { atMost: p95 } : {}), note },
        )
      for (const [question, some] of keys) {
        say(question.name)
        const { p50, p95 } = barsOf(question, peers)
        put(question.name, await ask(product, question, some), p50, p95, peers && 'the peer is the bar')
      }
      say('the same while 5,000 rows/s come in …')
      busy = await beside(product, 5_000, async () => {
        for (const [question, some] of keys)
          put(
            `${question.name}, 5,000 rows/s coming in`,
            await ask(product, question, some.slice(0, quick ? 20 : 100)),
            undefined,
            2 * barsOf(question, peers).p95,
            peers && 'twice the peer where nothing comes in',
          )
      })
      times.push({ name: 'server event-loop lag, p99.9', value: busy.lagMs, unit: 'ms', atMost: 25 })
      measures.push({ name: 'rows that came in', value: busy.perSecond, unit: 'rows/s', atLeast: 4_900 })
      const engine = product.pids().find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('record/child'))
      if (engine) measures.push({ name: 'memory of the engine (PSS)', value: pssOf(engine) / 1e6, unit: 'MB' })
    } finally {
      await product.stop()
    }
    const references = meanOf(before, await withRecord(dir, readReferences))
    measures.push(...referenceMeasures(references), ...times)
    return { measures, versions: { ClickHouse: loaded.version } }
  } finally {
    if (!kept) rmSync(dir, { recursive: true, force: true })
  }
}

/** The machine's speed drifts within a run: the mean of what was measured before and after. */
function meanOf(before: readonly Reference[], after: readonly Reference[]): Reference[] {
  return before.map((one, i) => ({ ...one, here: Math.sqrt(one.here * after[i]!.here) }))
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
