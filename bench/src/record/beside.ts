import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Product } from '../lab.ts'

/** Rows are seen a second after they were sent, more or less: a rate is told over half a minute at least. */
const leastMs = 30_000

/** Rows come in as a proxy sends them while `work` goes on; answers the rate and the server's event-loop lag meanwhile. */
export async function beside(product: Product, perSecond: number, work: () => Promise<void>): Promise<{ perSecond: number; lagMs: number }> {
  const options = { port: product.alsPort, entries: 1e9, streams: 20, perSecond }
  const replay = spawn(process.execPath, [join(import.meta.dirname, '..', 'ingest', 'replay.ts'), JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = new Promise((done) => replay.once('exit', done))
  try {
    await sleep(10_000)
    const [began, before] = [Date.now(), await rowsIn(product)]
    await work()
    await sleep(Math.max(0, leastMs - (Date.now() - began)))
    const rate = ((await rowsIn(product)) - before) / ((Date.now() - began) / 1000)
    return { perSecond: rate, lagMs: await lagOf(product) }
  } finally {
    replay.kill('SIGKILL')
    await ended
  }
}

const rowsIn = async (product: Product): Promise<number> => (await product.get<{ rows: number | null }>('/api/v1/status')).rows ?? 0

/** The server's own measure, over the last one to two minutes. */
async function lagOf({ url, token }: Product): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text()
  return Number(/^panoptes_event_loop_lag_seconds\{quantile="0\.999"\} (\S+)$/m.exec(text)?.[1] ?? Number.NaN) * 1000
}
