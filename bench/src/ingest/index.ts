import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeMeasures, measureDecoding } from '../decode.ts'
import { type BenchOptions, type BenchResult, cpuUsOf, defineBench, type Measure, quantile } from '../harness.ts'
import { type Product, startProduct } from '../lab.ts'
import { meanSpeed, openSpeed, type Speed } from '../reference.ts'

const say = (text: string) => process.stderr.write(`${text}\n`)

/** Sends real messages with fresh ids from a process of its own; answers how many entries it sent, and in how many seconds. */
async function replay(options: { port: number; entries: number; streams: number; perSecond: number }): Promise<{ sent: number; seconds: number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'replay.ts'), JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const code = await new Promise((done) => child.once('close', done))
  if (code !== 0) throw new Error(`the replay ended with ${code}`)
  return JSON.parse(text)
}

const rowsIn = async (product: Product): Promise<number> => (await product.get<{ rows: number | null }>('/api/v1/status')).rows ?? 0

async function untilRows(product: Product, rows: number): Promise<void> {
  for (const end = Date.now() + 600_000; (await rowsIn(product)) < rows; await sleep(500)) {
    if (Date.now() > end) throw new Error(`only ${await rowsIn(product)} of ${rows} rows came`)
  }
}

const cpuOfAll = (product: Product): Map<number, number> => new Map(product.pids().map((pid) => [pid, cpuUsOf(pid)]))

/** Waits until all processes together take less than a twentieth of a core: no merge is left. */
async function untilIdle(product: Product): Promise<void> {
  const sum = () => [...cpuOfAll(product).values()].reduce((a, b) => a + b, 0)
  for (let calm = 0; calm < 3; ) {
    const before = sum()
    await sleep(2_000)
    calm = sum() - before < 0.05 * 2e6 ? calm + 1 : 0
  }
}

const peakRssMb = (pid: number): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

/** CPU of the whole way for one flood of entries, in µs per entry, by process. */
async function wholeWay(
  product: Product,
  entries: number,
): Promise<{ sent: number; total: number; controller: number; server: number; record: number; seconds: number }> {
  const known = await rowsIn(product)
  await untilIdle(product)
  const before = cpuOfAll(product)
  const began = Date.now()
  const { sent } = await replay({ port: product.alsPort, entries, streams: 8, perSecond: 0 })
  await untilRows(product, known + sent)
  const seconds = (Date.now() - began) / 1000
  await untilIdle(product)
  const after = cpuOfAll(product)
  const spent = (pid: number) => ((after.get(pid) ?? 0) - (before.get(pid) ?? 0)) / sent
  const rest = [...after.keys()].filter((pid) => pid !== product.controller && pid !== product.server)
  const record = rest.reduce((sum, pid) => sum + spent(pid), 0)
  const controller = spent(product.controller)
  const server = spent(product.server)
  return { sent, total: controller + server + record, controller, server, record, seconds }
}

/** Holds a rate and asks once a second how old the newest row is that a search finds, in seconds. */
async function held(product: Product, perSecond: number, seconds: number): Promise<{ lagsS: number[]; rate: number }> {
  const lagsS: number[] = []
  let running = true
  const asking = (async () => {
    await sleep(3_000)
    while (running) {
      const { accesses } = await product.get<{ accesses: { ts: string }[] }>('/api/v1/accesses?from=-1m&limit=1&fields=ts')
      const newest = accesses[0]?.ts
      if (newest) lagsS.push((Date.now() - Date.parse(newest)) / 1000)
      await sleep(1_000)
    }
  })()
  const known = await rowsIn(product)
  const { sent, seconds: took } = await replay({ port: product.alsPort, entries: perSecond * seconds, streams: 40, perSecond })
  running = false
  await asking
  await untilRows(product, known + sent)
  return { lagsS, rate: sent / took }
}

/** A.5: CPU per entry on the whole way, memory of the controller, a rate held. */
export const ingest = defineBench({
  name: 'ingest',
  title: 'Ingest: CPU per access from the proxy’s bytes to a durable, queryable row',
  async run({ quick }: BenchOptions) {
    const speed = await openSpeed()
    try {
      const product = await startProduct()
      try {
        return await measured(product, speed, quick)
      } finally {
        await product.stop()
      }
    } finally {
      await speed.close()
    }
  },
})

async function measured(product: Product, speed: Speed, quick: boolean): Promise<BenchResult> {
  say('decoding alone …')
  const factors = [await speed.slower()]
  const decoded = measureDecoding(quick)
  factors.push(await speed.slower())
  const entries = quick ? 300_000 : 5_000_000
  say(`sending ${entries.toLocaleString('en')} entries …`)
  const way = await wholeWay(product, entries)
  const slower = meanSpeed([factors[1]!, await speed.slower()])
  const [rate, seconds] = quick ? [5_000, 20] : [10_000, 600]
  say(`holding ${rate} entries/s for ${seconds} s …`)
  const { lagsS, rate: sentRate } = await held(product, rate, seconds)
  const measures: Measure[] = [
    ...speed.measures(),
    ...decodeMeasures(decoded, meanSpeed(factors)),
    {
      name: 'whole way, CPU per entry',
      value: way.total,
      unit: 'us',
      atMost: 26,
      slower,
      note: `${way.sent.toLocaleString('en')} entries; until merges are idle; references: 27.6 VictoriaLogs taking ready NDJSON`,
    },
    { name: '  of it controller (decode, enrich, spool, send)', value: way.controller, unit: 'us' },
    { name: '  of it server (check, hand over)', value: way.server, unit: 'us' },
    { name: '  of it record (insert, indexes, roll-up, merges)', value: way.record, unit: 'us' },
    { name: 'flood, wall rate', value: way.sent / way.seconds, unit: 'rows/s' },
    { name: 'rate sent', value: sentRate, unit: 'rows/s', atLeast: rate * 0.99 },
    { name: 'queryable after, worst', value: Math.max(...lagsS), unit: 's', atMost: 5, note: `held ${seconds} s, asked once a second` },
    { name: 'queryable after, p50', value: quantile(lagsS, 0.5), unit: 's' },
    { name: 'controller memory, peak', value: peakRssMb(product.controller), unit: 'MB', atMost: 200 },
  ]
  return { measures, versions: { protobufjs: decoded.version } }
}
