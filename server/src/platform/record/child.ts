import { mkdirSync, rmSync } from 'node:fs'
import { serveEngine } from './child-http.ts'
import { SessionPool } from './child-pool.ts'

/**
 * The record's process: chDB behind ClickHouse's HTTP interface on a Unix socket. It is alone so that a crash, an
 * out-of-memory or a runaway query takes neither the API nor ingest with it. It ends with its parent.
 */
export interface ChildOptions {
  dataDir: string
  socket: string
  configFile: string
  /** Folder in memory where inserted batches lie for a moment. */
  staging: string
  /** Also answer on this port of the loopback: for tests of the way over HTTP. */
  port?: number
}

export type ChildMessage = { type: 'ready' } | { type: 'failed'; message: string }

function tell(message: ChildMessage): void {
  if (process.connected) process.send?.(message)
}

async function run(options: ChildOptions): Promise<void> {
  // At once: the engine's own way out has been seen to wait for its threads for ever, with the folder still locked. What it has acknowledged is on the disk.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  // Ctrl-C reaches the whole process group: the server says when to stop.
  process.on('SIGINT', () => {})
  const pool = await SessionPool.open(options.dataDir, options.configFile)
  // Only now is the folder ours: until here the socket may be another server's.
  rmSync(options.socket, { force: true })
  rmSync(options.staging, { recursive: true, force: true })
  mkdirSync(options.staging, { recursive: true, mode: 0o700 })
  const server = serveEngine(pool, options.staging)
  process.umask(0o077)
  if (options.port !== undefined) {
    const port = options.port
    await new Promise<void>((listening) => serveEngine(pool, options.staging).listen(port, '127.0.0.1', listening))
  }
  server.listen(options.socket, () => tell({ type: 'ready' }))
  process.on('message', (message: { type: string }) => {
    if (message.type !== 'stop') return
    server.close()
    server.closeAllConnections()
    pool.close()
    process.exit(0)
  })
}

run(JSON.parse(process.argv[2] ?? '{}') as ChildOptions).catch((error: unknown) => {
  tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  process.exitCode = 1
  process.disconnect?.()
})
