import { join } from 'node:path'
import { startAlsRelay } from '../../lab/als-relay.ts'
import type { Row } from '../../lab/api.ts'
import { startProcess } from '../../lab/process.ts'
import { type Product, root, startController } from '../../lab/product.ts'
import { settledCompleteness } from '../../lab/settle.ts'
import { sleep, until } from '../../lab/wait.ts'
import type { Run } from '../../proof.ts'

const demoClusters = ['bank-eu', 'bank-us']
/** Proxies of the demo that lose entries of their own accord, and that tell no counters. */
const lossy = 'fraud'
const withoutCounters = 'legacy-api'

/** The demo through a network that loses: each proxy is short of what was taken from it, and no other is. */
export async function demoAccount(run: Run, server: Product): Promise<void> {
  const from = new Date(Date.now() - 30_000).toISOString()
  let share = 0
  const relays = await Promise.all(
    demoClusters.map(async (name) => {
      const controller = await startController(run, server, { name })
      return { name, controller, relay: await startAlsRelay(run, controller.als, run.random.fork(name), () => share) }
    }),
  )
  const collectors = relays.flatMap(({ name, relay }) => ['--als', `${name}=${relay.address.host}:${relay.address.port}`])
  const args = [join(root, 'demo/src/main.ts'), '--data', join(run.dir, 'demo'), '--rate', '60', '--seed', String(run.random.int(1e6)), ...collectors]
  const demo = startProcess(run, 'demo', process.execPath, args)
  const newest = async (name: string): Promise<number> => {
    const query = { query: `cluster="${name}"`, from: '-1h', limit: 1, fields: 'ts' }
    const [row] = (await server.api.get<{ accesses: Row[] }>('/api/v1/accesses', query)).accesses
    return row ? Date.parse(String(row.ts)) : 0
  }
  // It first tells twenty minutes of its past. Proxies of the demo tell their counters every 15 s.
  await until('the demo tells the present', 180, async () => (await Promise.all(demoClusters.map(newest))).every((ms) => Date.now() - ms < 8000), 500)
  await sleep(16_000)
  share = 0.05
  await sleep(run.scaled(30, 120) * 1000)
  share = 0
  await sleep(32_000)
  run.check('demo: it lives', demo.alive())
  for (const { name, relay } of relays) {
    const { sources } = await settledCompleteness(server.api, name, from, 60)
    const wrong = sources.flatMap((source) => {
      const taken = relay.dropped.sources.get(`${source.proxy} ${source.kind}`) ?? 0
      const { missed, state } = source.total
      const workload = source.proxy.split('~')[2] ?? ''
      const ok = workload.startsWith(withoutCounters)
        ? missed === null && state === 'unknown'
        : workload.startsWith(lossy)
          ? missed !== null && missed >= taken
          : missed === taken
      return ok ? [] : [`${workload} ${source.kind}: ${taken} taken out, ${missed} reported missed (${state})`]
    })
    for (const line of wrong.slice(0, 10)) run.say(`     ${line}`)
    run.bar(`demo, ${name}: entries taken out by the relay`, relay.dropped.entries, '>=', 10)
    run.bar(`demo, ${name}: sources`, sources.length, '>=', 10)
    run.bar(`demo, ${name}: sources whose reported number is wrong`, wrong.length, '=', 0)
  }
}
