import { join } from 'node:path'
import { startAlsRelay } from '../../lab/als-relay.ts'
import type { CompletenessAnswer } from '../../lab/api.ts'
import { startProcess } from '../../lab/process.ts'
import { type Product, root, startController } from '../../lab/product.ts'
import { sleep, until } from '../../lab/wait.ts'
import type { Run } from '../../proof.ts'

type Source = CompletenessAnswer['sources'][number]

const demoClusters = ['bank-eu', 'bank-us']
/** Proxies of the demo that lose entries of their own accord, and that tell no counters. */
const lossy = 'fraud'
const withoutCounters = 'legacy-api'
/** A job: where it ends just when its next sample is due, nobody can tell its end from a death, and unknown is the right answer. */
const job = 'settlement'

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
  // The bank has a night, in which few come.
  await until('each relay has taken out a dozen entries', 400, () => relays.every(({ relay }) => relay.dropped.entries >= 12), 1000)
  share = 0
  await sleep(32_000)
  run.check('demo: it lives', demo.alive())
  run.bar('demo: steps that it could not tell', [...demo.output().matchAll(/^bank-/gm)].length, '=', 0)
  // The demo goes on: what is asked about ends now, and on a slow machine entries may come late.
  const to = new Date().toISOString()
  for (const { name, relay } of relays) {
    let sources: Source[] = []
    let wrong: string[] = []
    for (const end = Date.now() + 120_000; ; await sleep(5000)) {
      sources = (await server.api.completeness({ cluster: name, from, to, stepS: 60 })).sources
      wrong = sources.flatMap((source) => mistakeOf(source, relay.dropped.sources.get(`${source.proxy} ${source.kind}`) ?? 0))
      if ((wrong.length === 0 && sources.length > 0) || Date.now() > end) break
    }
    for (const line of wrong.slice(0, 10)) run.say(`     ${line}`)
    run.bar(`demo, ${name}: entries taken out by the relay`, relay.dropped.entries, '>=', 10)
    run.bar(`demo, ${name}: sources`, sources.length, '>=', 10)
    run.bar(`demo, ${name}: sources whose reported number is wrong`, wrong.length, '=', 0)
  }
}

/** What is wrong with the number that the record reports of a source from which so many entries were taken; nothing where it is right. */
function mistakeOf({ proxy, kind, total: { missed, state } }: Source, taken: number): string[] {
  const workload = proxy.split('~')[2] ?? ''
  const ok = workload.startsWith(withoutCounters)
    ? missed === null && state === 'unknown'
    : workload.startsWith(lossy)
      ? missed !== null && missed >= taken
      : (missed === taken && state !== 'pending') || (workload.startsWith(job) && missed === null && state === 'unknown')
  return ok ? [] : [`${workload} ${kind}: ${taken} taken out, ${missed} reported missed (${state})`]
}
