import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import type { WorkerQuery } from './pglite-host.ts'

/**
 * The embedded PostgreSQL, in a thread of its own: a heavy query would hold up the event loop of the server.
 * Settings differ from PGlite's in two ways: writes are synced to disk (its default is not to), and buffers are small,
 * since WASM memory never shrinks (measured: 190 MB instead of 410 MB after start).
 */
const { directory } = workerData as { directory: string }
const single = ['--single', '-O', '-j']
const options = {
  search_path: 'public',
  exit_on_error: 'false',
  log_checkpoints: 'false',
  io_method: 'sync',
  max_worker_processes: '0',
  max_parallel_workers: '0',
  max_parallel_workers_per_gather: '0',
  max_parallel_maintenance_workers: '0',
}
const startParams = [...single, ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
const postgresqlconf = ['shared_buffers=8MB', 'max_connections=5', 'wal_buffers=256kB', 'max_wal_size=64MB', 'min_wal_size=32MB']

const port = parentPort
if (!port) throw new Error('pglite-worker runs as a worker thread')

const database = await PGlite.create({ dataDir: directory, startParams, postgresqlconf })
port.on('message', answer)
port.postMessage({ ready: true })

async function answer({ id, sql, parameters }: WorkerQuery): Promise<void> {
  try {
    if (sql === 'close') {
      await database.close()
      port?.postMessage({ id, rows: [] })
      return
    }
    // Several statements in one text (a migration) work only without parameters.
    const result = parameters.length > 0 ? await database.query(sql, parameters) : (await database.exec(sql)).at(-1)
    port?.postMessage({ id, rows: result?.rows ?? [], affected: result?.affectedRows })
  } catch (error) {
    const { message, code, detail, constraint } = error as { message: string; code?: string; detail?: string; constraint?: string }
    port?.postMessage({ id, error: { message, code, detail, constraint } })
  }
}
