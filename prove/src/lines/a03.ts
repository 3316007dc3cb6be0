import type { Row } from '../lab/api.ts'
import { type Fleet, startFleet } from '../lab/fleet.ts'
import { type Controller, type Product, startController, startServer } from '../lab/product.ts'
import { type Relay, startRelay } from '../lab/relay.ts'
import { settle, settledCompleteness } from '../lab/settle.ts'
import { sleep, until } from '../lab/wait.ts'
import { mustGoRed } from '../must-go-red.ts'
import { defineProof, type Run } from '../proof.ts'
import { accountsOf, fleetDifferences } from '../witness/fleet.ts'
import { provesRollups } from '../witness/rollups.ts'

const victims = ['server', 'record', 'controller', 'all'] as const
const cluster = 'crash'

export const a03 = defineProof({
  line: 'A.3',
  title: 'kill -9 of server, record, controller and all, in turns, under load: nothing lost unsaid, nothing double',
  async run(run) {
    const rounds = run.scaled(12, 60)
    const server = await startServer(run)
    const relay = await startRelay(run, { host: '127.0.0.1', port: server.port })
    const controller = await startController(run, server, { name: cluster, via: `http://127.0.0.1:${relay.address.port}` })
    const from = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 60_000).toISOString()
    const fleet = startFleet({
      random: run.random,
      als: controller.als,
      metrics: controller.als,
      proxies: run.scaled(10, 20),
      rate: run.scaled(400, 2000),
      cluster,
    })
    await sleep(2000)
    let inFlight = 0
    for (let round = 1; round <= rounds; round++) inFlight += await killOnce(run, round, { server, controller, relay, fleet })
    run.figure('rounds', rounds)
    run.bar('rounds with a batch in flight', inFlight, '>=', Math.ceil((rounds * 50) / 60))
    await sleep(2000)
    await fleet.stop()
    await settle(server.api, controller, fleet.entries())
    const completeness = await settledCompleteness(server.api, cluster, from, 90)
    const rows = await server.api.rows({ query: `cluster="${cluster}"`, from, to: new Date().toISOString() })
    const accounts = accountsOf(fleet, rows, completeness)
    run.figure('entries the generator logged', fleet.entries())
    run.figure('rows in the record', rows.length)
    run.figure(
      'reported missing',
      accounts.reduce((sum, a) => sum + (a.reported ?? 0), 0),
    )
    run.figure('proxies', accounts.length)
    mustGoRed<Row>(run, {
      name: 'per proxy, rows + reported missing = generated; no doubles',
      rows,
      compare: (found) => fleetDifferences(fleet, found, completeness),
      alter: (row) => ({ ...row, status: Number(row.status) + 1 }),
    })
    await provesRollups(run, server.api, cluster, from, rows)
  },
})

interface Lab {
  server: Product
  controller: Controller
  relay: Relay
  fleet: Fleet
}

/** One round: a seeded moment, a kill (with a batch in flight where one comes within fifteen seconds), and the way back. */
async function killOnce(run: Run, round: number, { server, controller, relay, fleet }: Lab): Promise<number> {
  const victim = victims[(round - 1) % victims.length]!
  await sleep(run.random.between(300, 2500))
  const offset = run.random.int(12)
  let inFlight = 0
  for (const end = Date.now() + 15_000; inFlight === 0 && Date.now() < end; inFlight = relay.inFlight()) {
    await until('a batch in flight', 15, () => relay.inFlight() > 0, 1).catch(() => undefined)
    await sleep(offset)
  }
  const record = server.recordPid()
  if (victim !== 'record' && victim !== 'controller') server.process().signal('SIGKILL')
  if (victim === 'record' || victim === 'all') {
    if (!record) throw new Error('the server has no record process')
    process.kill(record, 'SIGKILL')
  }
  if (victim === 'controller' || victim === 'all') controller.process().signal('SIGKILL')
  run.say(`round ${round}: killed ${victim} with ${inFlight} batches in flight, ${fleet.entries()} entries so far`)
  if (victim === 'server' || victim === 'all') {
    await server.process().stop()
    await server.start()
  }
  if (victim === 'controller' || victim === 'all') {
    await controller.process().stop()
    await controller.start()
  }
  await until('the server is ready again', 60, async () => (await fetch(`${server.url}/readyz`)).ok)
  return inFlight > 0 ? 1 : 0
}
