import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { PanoptesError } from '@panoptes/contract'

export interface WorkerQuery {
  id: number
  sql: string
  parameters: unknown[]
}
export interface WorkerResult {
  rows: unknown[]
  affected?: number
}
interface Pending {
  resolve: (result: WorkerResult) => void
  reject: (error: Error) => void
  timer: NodeJS.Timeout
}
interface Hooks {
  /** Longest time one statement may take before the worker counts as hung; PGlite was seen to hang on a full disk. */
  hangAfterMs?: number
  onTrouble: (detail: string) => void
}

/** Major version of the embedded PostgreSQL; a data folder of another one cannot be opened. */
const majorVersion = '18'
const createFile = new URL('./pglite-create.ts', import.meta.url)
const workerFile = new URL('./pglite-worker.ts', import.meta.url)

/** The thread with the embedded PostgreSQL: started, asked, watched and, when it hangs or dies, replaced. */
export class PgliteHost {
  #directory: string
  #hooks: Hooks
  #worker: Promise<Worker> | undefined
  #pending = new Map<number, Pending>()
  #lastId = 0
  #retired = new WeakSet<Worker>()
  #closed = false
  /** Counts the workers: a transaction begun in one is lost with it. */
  generation = 0

  private constructor(directory: string, hooks: Hooks) {
    this.#directory = directory
    this.#hooks = hooks
  }

  /** Opens `directory`, creating it first where it does not exist. */
  static async open(directory: string, hooks: Hooks): Promise<PgliteHost> {
    if (!existsSync(join(directory, 'PG_VERSION'))) await create(directory)
    const version = readFileSync(join(directory, 'PG_VERSION'), 'utf8').trim()
    if (version !== majorVersion) {
      throw new PanoptesError(
        'PAN0005',
        `the state in ${directory} was written by PostgreSQL ${version}, this release has ${majorVersion}: restore a backup instead`,
      )
    }
    const host = new PgliteHost(directory, hooks)
    host.#worker = host.#start()
    await host.#worker
    return host
  }

  get alive(): boolean {
    return this.#worker !== undefined && !this.#closed
  }

  /** Runs one statement. Rejects with PAN0005 when the worker hangs, dies, or is no longer the one of `generation`. */
  async query(sql: string, parameters: readonly unknown[], generation?: number): Promise<WorkerResult> {
    if (this.#closed) throw new PanoptesError('PAN0005', 'the state store is closed')
    this.#worker ??= this.#start()
    const worker = await this.#worker
    if (generation !== undefined && generation !== this.generation) throw lost()
    return this.#send(worker, sql, [...parameters])
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const worker = await this.#worker?.catch(() => undefined)
    if (!worker) return
    await this.#send(worker, 'close', []).catch(() => undefined)
    await worker.terminate()
  }

  #send(worker: Worker, sql: string, parameters: unknown[]): Promise<WorkerResult> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1
      const limit = this.#hooks.hangAfterMs ?? 60_000
      const timer = setTimeout(() => this.#replace(worker, `the state store did not answer for ${limit} ms`), limit)
      this.#pending.set(this.#lastId, { resolve, reject, timer })
      worker.postMessage({ id: this.#lastId, sql, parameters } satisfies WorkerQuery)
    })
  }

  #start(): Promise<Worker> {
    this.generation += 1
    const worker = new Worker(workerFile, { workerData: { directory: this.#directory } })
    worker.on('error', (error) => this.#replace(worker, `the state store's worker failed: ${error.message}`))
    worker.on('exit', () => this.#replace(worker, "the state store's worker ended"))
    return new Promise((resolve, reject) => {
      worker.once('error', reject)
      worker.on('message', (message: { ready?: true; id: number; error?: { message: string } } & WorkerResult) => {
        if (message.ready) resolve(worker)
        else this.#settle(message)
      })
    })
  }

  #settle(message: { id: number; error?: { message: string } } & WorkerResult): void {
    const pending = this.#pending.get(message.id)
    if (!pending) return
    clearTimeout(pending.timer)
    this.#pending.delete(message.id)
    if (message.error) pending.reject(Object.assign(new Error(message.error.message), message.error))
    else pending.resolve(message)
  }

  /** Lets go of a worker that is of no use any more; the next query starts another. */
  #replace(worker: Worker, detail: string): void {
    if (this.#closed || this.#retired.has(worker)) return
    this.#retired.add(worker)
    this.#worker = undefined
    this.#hooks.onTrouble(detail)
    for (const pending of this.#pending.values()) {
      clearTimeout(pending.timer)
      pending.reject(new PanoptesError('PAN0005', detail))
    }
    this.#pending.clear()
    void worker.terminate()
  }
}

function lost(): PanoptesError {
  return new PanoptesError('PAN0005', 'the state store was restarted in the middle of a transaction; nothing of it was kept')
}

/** Creating a data folder takes ~900 MB for a moment, so a process of its own does it and gives the memory back. */
async function create(directory: string): Promise<void> {
  const building = `${directory}.new`
  rmSync(building, { recursive: true, force: true })
  mkdirSync(building, { recursive: true, mode: 0o700 })
  await promisify(execFile)(process.execPath, [fileURLToPath(createFile), building])
  renameSync(building, directory)
}
