import { join } from 'node:path'
import type { Run } from '../proof.ts'
import { createApi } from './api.ts'
import { freePorts } from './ports.ts'
import { type Process, startProcess } from './process.ts'
import { type Product, startServer } from './product.ts'
import { startRelay } from './relay.ts'
import { until } from './wait.ts'

export interface Replicas {
  /** Written through one address that moves between the replicas, read from the second replica. */
  product: Product
  /** Moves the address to the other replica and cuts what is open. */
  move(): void
  /** Ends the first replica without a word and starts it again. */
  killFirst(): Promise<void>
}

/** Two servers at once on one PostgreSQL and one ClickHouse, behind one address. */
export async function startReplicas(run: Run, stores: { postgres: string; clickhouse: string }): Promise<Replicas> {
  const args = ['--postgres', stores.postgres, '--clickhouse', stores.clickhouse]
  const first = await startServer(run, { args, data: join(run.dir, 'replica-1') })
  const [port] = (await freePorts(1)) as [number]
  const url = `http://127.0.0.1:${port}`
  const root = join(import.meta.dirname, '..', '..', '..')
  const second: Process = startProcess(
    run,
    'replica-2',
    process.execPath,
    [join(root, 'server/src/main.ts'), '--data', join(run.dir, 'replica-2'), '--port', String(port), '--no-demo', ...args],
    { env: { XDG_CONFIG_HOME: join(run.dir, 'config-2') } },
  )
  await until('the second replica is ready', 60, async () => {
    if (!second.alive()) throw new Error(`the second replica ended:\n${second.output().slice(-3000)}`)
    return (await fetch(`${url}/readyz`)).ok
  })
  const target = { host: '127.0.0.1', port: first.port }
  const relay = await startRelay(run, target)
  return {
    product: { ...first, url: `http://127.0.0.1:${relay.address.port}`, api: createApi(url, first.token) },
    move() {
      target.port = target.port === first.port ? port : first.port
      relay.cut()
    },
    async killFirst() {
      first.process().signal('SIGKILL')
      await first.process().stop()
      await first.start()
    },
  }
}
