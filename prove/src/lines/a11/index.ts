import { startController, startServer } from '../../lab/product.ts'
import { defineProof } from '../../proof.ts'
import { cluster } from './account.ts'
import { demoAccount } from './demo.ts'
import { countedThroughFaults } from './faults.ts'
import { nearlyLossless } from './lossless.ts'
import { proxiesRestarted } from './restarts.ts'

export const a11 = defineProof({
  line: 'A.11',
  title: 'What the record says it has missed is what it has missed: kills, freezes, a losing network, proxies restarted and killed',
  async run(run) {
    const server = await startServer(run)
    const controller = await startController(run, server, { name: cluster })
    const from = new Date(Date.now() - 60_000).toISOString()
    const lab = { run, server, controller, from }
    await countedThroughFaults(lab)
    await proxiesRestarted(lab)
    await nearlyLossless(lab)
    await demoAccount(run, server)
  },
})
