import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startServer } from '../lab/product.ts'
import { startReplicas } from '../lab/replicas.ts'
import { startClickHouse, startPostgres } from '../lab/stores.ts'
import { sleep } from '../lab/wait.ts'
import { defineProof, type Run } from '../proof.ts'
import { carry } from './a02.ts'

export const a12 = defineProof({
  line: 'A.12',
  title: 'the same run on embedded stores, and on PostgreSQL and ClickHouse HTTP with two replicas that take turns and die',
  async run(run) {
    const embedded = within(run, 'embedded')
    await endToEnd(embedded, await startServer(embedded))

    const external = within(run, 'external')
    const replicas = await startReplicas(external, { postgres: await startPostgres(external), clickhouse: await startClickHouse(external) })
    let running = true
    let moves = 0
    let kills = 0
    const unrest = (async () => {
      while (running) {
        await sleep(run.random.between(1_500, 3_500))
        if (!running) break
        replicas.move()
        moves++
        if (moves % 3 === 0) {
          await replicas.killFirst()
          kills++
        }
      }
    })()
    await endToEnd(external, replicas.product)
    running = false
    await unrest
    run.bar('moves of the link between replicas', moves, '>=', 2)
    run.figure('replicas killed', kills)
  },
})

async function endToEnd(run: Run, server: Awaited<ReturnType<typeof startServer>>): Promise<void> {
  const fields = (await server.api.get<{ fields: { field: string }[] }>('/api/v1/record/fields')).fields.map((f) => f.field)
  await carry(run, server, 'als', fields)
}

/** The same run in a folder of its own, its bars named after it. */
function within(run: Run, name: string): Run {
  const dir = join(run.dir, name)
  mkdirSync(dir, { recursive: true })
  return {
    ...run,
    dir,
    random: run.random.fork(name),
    figure: (figure, value) => run.figure(`${name}: ${figure}`, value),
    bar: (bar, value, rule, limit) => run.bar(`${name}: ${bar}`, value, rule, limit),
    check: (check, ok, detail) => run.check(`${name}: ${check}`, ok, detail),
  }
}
