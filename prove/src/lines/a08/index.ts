import { startController, startServer } from '../../lab/product.ts'
import { loadProtos } from '../../lab/protos.ts'
import { defineProof } from '../../proof.ts'
import { mutateAls } from './als.ts'
import { mutateBatches } from './batches.ts'
import { hostileConnections } from './connections.ts'
import { mutateOtlp } from './otlp.ts'

export const a08 = defineProof({
  line: 'A.8',
  title: 'Mutated messages: each comes out as the generated decoder says, and nothing else suffers',
  async run(run) {
    const protos = await loadProtos()
    const server = await startServer(run)
    const controller = await startController(run, server, { name: 'mutants' })
    const rows = await mutateAls(run, protos, server, controller)
    await mutateOtlp(run, protos, server, controller, rows)
    await hostileConnections(run, controller)
    await mutateBatches(run, server)
  },
})
