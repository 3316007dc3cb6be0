import { afflict } from '../../lab/faults.ts'
import { type Flood, startFlood } from '../../lab/flood.ts'
import { settle } from '../../lab/settle.ts'
import { startSingle } from '../../lab/single.ts'
import { sleep } from '../../lab/wait.ts'
import { cluster, type Lab } from './account.ts'

/** The documented settings: what a restart and a freeze of the collector really cost. */
export async function nearlyLossless({ run, server, controller, from }: Lab): Promise<void> {
  const rate = run.scaled(300, 1000)
  const single = await startSingle(run, 'lossless', { als: controller.als, metrics: controller.als, flushS: 1 })
  const missingAfter = async (flood: Flood): Promise<number> => {
    await sleep(2500)
    await settle(server.api, controller, Number.POSITIVE_INFINITY)
    const rows = await server.api.rows({ query: `cluster="${cluster}" proxy="${single.id}"`, from, to: 'now', fields: 'request.id' })
    const there = new Set(rows.map((row) => String(row['request.id'])))
    return flood.log.filter((r) => r.outcome === 'answered' && !there.has(r.id)).length
  }
  for (const [fault, bar] of [
    ['killAndStay', rate * 0.5],
    ['freeze', 0],
  ] as const) {
    const flood = startFlood({ random: run.random.fork(`lossless ${fault}`), to: single.http, rate: [rate, rate] })
    await sleep(3000)
    if (fault === 'freeze') {
      const seconds = run.scaled(6, 20)
      controller.process().signal('SIGSTOP')
      await sleep(seconds * 1000)
      controller.process().signal('SIGCONT')
      run.say(`collector frozen for ${seconds} s`)
    } else await afflict(run, controller, fault, run.random, 0)
    await sleep(3000)
    await flood.stop()
    run.bar(`entries lost by a ${fault === 'freeze' ? 'freeze' : 'restart'} of the collector at ${rate}/s`, await missingAfter(flood), '<=', bar)
  }
}
