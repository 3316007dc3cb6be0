import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type DemoHandOver, demoClusters, demoHandOverVariable, type Status } from '@panoptes/contract'
import { createEnrolmentToken, homeOrganization } from '../access/index.ts'
import type { Logger } from '../platform/log/index.ts'
import type { State } from '../platform/state/index.ts'

const program = fileURLToPath(new URL('../../../demo/src/main.ts', import.meta.url))
/** The demo tells a day of history within seconds; without a bound its heap would keep the size of that. */
const demoMemory = ['--max-old-space-size=64', '--max-semi-space-size=2']
const firstWaitMs = 1_000
const longestWaitMs = 60_000

/** The demo bank: a child process that is restarted when it fails, until it is stopped or removed. */
export class DemoBank {
  #options: { state: State; dataDir: string; log: Logger; tlsCert?: string | undefined }
  #child: ChildProcess | undefined
  #stopping = false
  #waitMs = firstWaitMs
  state: Status['demo'] = 'off'

  constructor(options: { state: State; dataDir: string; log: Logger; tlsCert?: string | undefined }) {
    this.#options = options
  }

  /** Starts it against the server at `url`, unless the user has removed it. */
  async start(url: string): Promise<void> {
    if (existsSync(this.#removedMark) || !existsSync(program)) return
    this.state = 'starting'
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
    const handOver: DemoHandOver = { enrolments: await this.#tokens() }
    const { log } = this.#options
    const child = spawn(process.execPath, [...demoMemory, program, '--server', url, '--data', this.#directory], {
      // The demo is a client like any other: it gets what a user would type, and nothing else.
      env: { ...this.#environment(), [demoHandOverVariable]: JSON.stringify(handOver) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child = child
    const relay = (level: 'debug' | 'warn') => (chunk: Buffer) => log[level]({ demo: chunk.toString().trimEnd() }, 'demo')
    child.stdout?.on('data', relay('debug'))
    child.stderr?.on('data', relay('warn'))
    child.once('spawn', () => {
      this.state = 'running'
    })
    child.once('error', (error) => log.warn({ err: error }, 'the demo bank cannot be started'))
    child.once('exit', (code, signal) => void this.#ended(url, code, signal))
  }

  async stop(): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    await Promise.race([ended, sleep(3_000, undefined, { ref: false })])
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    this.state = 'stopped'
  }

  /** Stops it for good: it does not start again with the server. */
  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.#directory, { recursive: true, force: true })
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
    writeFileSync(this.#removedMark, 'The demo was removed. Delete this file to have it again.\n')
    this.state = 'off'
  }

  get #directory(): string {
    return join(this.#options.dataDir, 'demo')
  }

  get #removedMark(): string {
    return join(this.#directory, 'removed')
  }

  async #tokens(): Promise<DemoHandOver['enrolments']> {
    const { db } = this.#options.state
    const made: DemoHandOver['enrolments'] = []
    // What an earlier start made and nobody used is of no use to anyone.
    await db.deleteFrom('enrolmentTokens').where('origin', '=', 'demo').where('usedAt', 'is', null).execute()
    for (const cluster of demoClusters) {
      const wanted = { org: homeOrganization, cluster, origin: 'demo' as const, createdBy: 'the server', expiresInMinutes: 60 }
      made.push({ cluster, token: (await createEnrolmentToken(db, wanted)).secret })
    }
    return made
  }

  #environment(): NodeJS.ProcessEnv {
    const { PATH, HOME, TZ, TMPDIR } = process.env
    const { tlsCert } = this.#options
    return { PATH, HOME, TZ, TMPDIR, ...(tlsCert ? { NODE_EXTRA_CA_CERTS: tlsCert } : {}) }
  }

  async #ended(url: string, code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    if (this.#stopping) return
    this.state = 'failed'
    this.#options.log.warn({ code, signal, againInMs: this.#waitMs }, 'the demo bank ended')
    await sleep(this.#waitMs, undefined, { ref: false })
    this.#waitMs = Math.min(this.#waitMs * 2, longestWaitMs)
    if (!this.#stopping) await this.start(url).catch((error: unknown) => this.#options.log.warn({ err: error }, 'the demo bank cannot be started'))
  }
}
