import { join } from 'node:path'
import { startAlsRelay } from '../../lab/als-relay.ts'
import { startProcess } from '../../lab/process.ts'
import { type Product, root, startController } from '../../lab/product.ts'
import { settle, settledCompleteness } from '../../lab/settle.ts'
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
  const args = [join(root, 'demo/src/main.ts'), '--data', join(run.dir, 'demo'), '--rate', '10', '--seed', String(run.random.int(1e6)), ...collectors]
  const demo = startProcess(run, 'demo', process.execPath, args)
  await until('the demo has told its past', 300, () => /told \d+ entries of history/.test(demo.output()), 500)
  // Its proxies tell their counters every 15 s.
  await sleep(16_000)
  share = 0.2
  await sleep(run.scaled(30, 120) * 1000)
  share = 0
  await sleep(32_000)
  run.check('demo: it lives', demo.alive())
  run.bar('demo: steps that it could not tell', [...demo.output().matchAll(/^bank-/gm)].length, '=', 0)
  await demo.stop('SIGTERM')
  for (const { name, controller, relay } of relays) {
    await settle(server.api, controller, Number.POSITIVE_INFINITY)
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
