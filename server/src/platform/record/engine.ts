import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PanoptesError } from '@panoptes/contract'
import type { Logger } from 'pino'
import type { ChildMessage, ChildOptions } from './child.ts'
import { defaultLimits, type EngineLimits, engineConfig } from './limits.ts'

export interface EngineOptions {
  dataDir: string
  log: Logger
  limits?: Partial<EngineLimits>
  /** Also answer on this port of the loopback. */
  port?: number
}

export interface EngineState {
  state: 'starting' | 'ready' | 'down' | 'closed'
  /** Process id of the record, where it runs. */
  pid?: number
  /** How often it had to be started again. */
  restarts: number
  /** Why it is not ready. */
  cause: string
}

const childFile = fileURLToPath(new URL('./child.ts', import.meta.url))
/** It handles buffers and hardly any objects: collecting those in one piece spares the helper threads, which cost more (docs/benchmarks.md). */
const collection = ['--single-threaded-gc', '--no-incremental-marking', '--max-semi-space-size=2']
const pauses = [200, 500, 1_000, 2_000, 5_000]
const mebibyte = 1024 * 1024

/**
 * Starts the record's process, watches it and starts it again after a crash or a hang. While it is away, callers get
 * PAN0005; they recover by themselves.
 */
export class Engine {
  readonly dataDir: string
  readonly socket: string
  readonly agent: Agent
  private readonly log: Logger
  private readonly options: ChildOptions
  private child: ChildProcess | undefined
  private current: EngineState = { state: 'starting', restarts: 0, cause: 'it is starting' }
  private readonly onReady = new Set<() => void>()
  private timer: NodeJS.Timeout | undefined
  private staged = 0
  /** What is done before it is started again, and why it was ended. */
  private pause: { cause: string; between: () => void } | undefined

  constructor(options: EngineOptions) {
    this.log = options.log
    this.dataDir = resolve(options.dataDir)
    mkdirSync(this.dataDir, { recursive: true, mode: 0o700 })
    // A Unix socket's path may not be longer than about 100 bytes.
    const near = join(this.dataDir, 'record.sock')
    const short = createHash('sha256').update(this.dataDir).digest('hex').slice(0, 12)
    this.socket = Buffer.byteLength(near) < 100 ? near : join(tmpdir(), `panoptes-${short}.sock`)
    this.agent = new Agent({ keepAlive: true, maxSockets: 64, socketPath: this.socket } as ConstructorParameters<typeof Agent>[0])
    const configFile = join(this.dataDir, 'record.xml')
    writeFileSync(configFile, engineConfig({ ...defaultLimits(), ...options.limits }, join(this.dataDir, 'backups')), { mode: 0o600 })
    this.options = { dataDir: join(this.dataDir, 'record'), socket: this.socket, configFile, staging: stagingFolder(this.dataDir, short), port: options.port }
  }

  get status(): EngineState {
    return { ...this.current, pid: this.child?.pid }
  }

  /** Starts it and waits until it answers. Throws PAN0005 where the folder is in use by another process. */
  async start(): Promise<void> {
    // A server that was killed leaves a record that is just about to notice.
    for (let tries = 0; await this.answers(1_000); tries++) {
      if (tries === 5) throw new PanoptesError('PAN0005', `the data folder ${this.dataDir} is in use by another process`)
      await new Promise((done) => setTimeout(done, 300))
    }
    for (let tries = 0; ; tries++) {
      try {
        await this.spawn()
        break
      } catch (error) {
        if (tries === 2) throw new PanoptesError('PAN0005', `the record in ${this.dataDir} cannot be opened: ${error instanceof Error ? error.message : error}`)
        await new Promise((done) => setTimeout(done, 500))
      }
    }
    this.timer = setInterval(() => void this.watch(), 5_000)
    this.timer.unref()
  }

  /** Lays data where the engine reads it as a file: cheaper by far than sending it. Its path is the caller's to remove. */
  async stage(pieces: Iterable<Uint8Array | string>): Promise<string> {
    const file = join(this.options.staging, `${process.pid}-${++this.staged}.data`)
    try {
      await writeFile(file, pieces, { mode: 0o600 })
    } catch (error) {
      await rm(file, { force: true })
      throw error
    }
    return file
  }

  /** Calls back each time the engine is ready again after it was away. */
  whenBack(callback: () => void): void {
    this.onReady.add(callback)
  }

  /** Ends it as if it had crashed: for tests of recovery. */
  kill(): void {
    this.child?.kill('SIGKILL')
  }

  /** Ends it and starts it again; `between` runs while no engine has the folder and must not throw. Resolves once it is ready. */
  restart(cause: string, between: () => void): Promise<void> {
    return new Promise((done) => {
      const back = () => {
        this.onReady.delete(back)
        done()
      }
      this.onReady.add(back)
      // On its way up already: what is left to do is seen again when it is looked at the next time.
      if (this.current.state !== 'ready') return
      this.pause = { cause, between }
      // What it has acknowledged is on the disk.
      this.kill()
    })
  }

  async close(): Promise<void> {
    clearInterval(this.timer)
    this.current = { ...this.current, state: 'closed', cause: 'it was closed' }
    this.agent.destroy()
    const child = this.child
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child.once('exit', done))
      child.send({ type: 'stop' }, () => {})
      const forced = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(forced)
    }
    rmSync(this.options.staging, { recursive: true, force: true })
    rmSync(this.socket, { force: true })
  }

  private spawn(): Promise<void> {
    const child = spawn(process.execPath, [...collection, childFile, JSON.stringify(this.options)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, UV_THREADPOOL_SIZE: '12', MALLOC_ARENA_MAX: '2' },
    })
    this.child = child
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (text: Buffer) => this.log.warn({ text: text.toString().slice(0, 2_000) }, 'record says'))
    return new Promise((done, fail) => {
      let cause = ''
      child.on('message', (message: ChildMessage) => {
        if (message.type === 'failed') cause = message.message
        if (message.type !== 'ready' || this.current.state === 'closed') return
        this.current = { ...this.current, state: 'ready', cause: '' }
        done()
      })
      child.once('exit', (code, signal) => {
        const why = cause || (this.pause?.cause ?? `it ended with ${signal ?? `code ${code}`}`)
        this.pause?.between()
        this.pause = undefined
        if (this.current.state === 'ready') this.recover(why)
        else fail(new Error(why))
      })
    })
  }

  private recover(cause: string): void {
    this.log.error({ cause }, 'record went away; starting it again')
    const restarts = this.current.restarts + 1
    this.current = { state: 'down', restarts, cause }
    const attempt = (n: number) => {
      if (this.current.state === 'closed') return
      this.spawn().then(
        () => {
          this.log.info({ restarts }, 'record is back')
          for (const callback of this.onReady) callback()
        },
        (error: unknown) => {
          this.current = { ...this.current, cause: error instanceof Error ? error.message : String(error) }
          setTimeout(() => attempt(n + 1), pauses[Math.min(n, pauses.length - 1)]!).unref()
        },
      )
    }
    setTimeout(() => attempt(1), pauses[0]!).unref()
  }

  private answers(withinMs: number): Promise<boolean> {
    return new Promise((done) => {
      const ping = request({ socketPath: this.socket, path: '/ping', timeout: withinMs }, (response) => {
        response.resume()
        response.on('end', () => done(response.statusCode === 200))
      })
      ping.on('timeout', () => ping.destroy())
      ping.on('error', () => done(false))
      ping.end()
    })
  }

  /** A process that does not answer for half a minute hangs: end it, recovery does the rest. */
  private async watch(): Promise<void> {
    if (this.current.state !== 'ready') return
    const child = this.child
    if (!(await this.answers(30_000)) && child === this.child && this.current.state === 'ready') {
      this.log.error('record does not answer; ending it')
      child?.kill('SIGKILL')
    }
  }
}

/** Batches lie in memory for the moment of their insert, where there is enough of it (containers often have 64 MiB). */
function stagingFolder(dataDir: string, short: string): string {
  const memory = '/dev/shm'
  if (existsSync(memory)) {
    const { bavail, bsize } = statfsSync(memory)
    if (bavail * bsize > 512 * mebibyte) return join(memory, `panoptes-${short}`)
  }
  return join(dataDir, 'staging')
}
