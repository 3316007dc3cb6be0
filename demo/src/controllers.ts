import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Cluster } from './bank/index.ts'

const program = fileURLToPath(new URL('../../controller/src/main.ts', import.meta.url))
const leash = new URL('./leash.ts', import.meta.url).href
/** A controller of the bank sees little; it need not take more. */
const memory = ['--max-old-space-size=96', '--max-semi-space-size=2']
const longestWaitMs = 30_000

export interface ControllerWish {
  cluster: Cluster
  server: string
  /** Folder of the demo; each controller has one of its own within. */
  directory: string
  /** Enrolment token, where one was handed over. */
  token: string | undefined
}

/** A controller of the product as a child process: started again when it ends, with its spool and key kept. */
export class ControllerProcess {
  private readonly wish: ControllerWish
  private readonly log: (message: string) => void
  private child: ChildProcess | undefined
  private stopping = false
  private waitMs = 500
  /** `http://host:port` where the proxies reach it; changes with each start. */
  private address: string | undefined
  private wake: (() => void)[] = []
  private complained = ''

  constructor(wish: ControllerWish, log: (message: string) => void) {
    this.wish = wish
    this.log = log
  }

  start(): void {
    const { cluster, server, directory, token } = this.wish
    const args = ['--name', `${cluster}-demo`, '--server', server, '--data', join(directory, cluster), '--als', '127.0.0.1:0', '--drain', '100ms']
    // The token goes by the environment: command lines are there for everybody to read.
    const child = spawn(process.execPath, [...memory, '--import', leash, program, ...args], {
      env: { ...process.env, PANOPTES_DEMO: undefined, PANOPTES_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.child = child
    createInterface(child.stdout!).on('line', (line) => this.read(line))
    createInterface(child.stderr!).on('line', (line) => this.log(`${cluster}: ${line}`))
    child.once('error', (error) => this.log(`${cluster}: ${error.message}`))
    child.once('exit', (code, signal) => void this.ended(code ?? signal))
  }

  /** Where the proxies reach it now; waits until it listens. */
  async listening(signal: AbortSignal): Promise<string> {
    while (!this.address && !signal.aborted)
      await Promise.race([new Promise<void>((done) => this.wake.push(done)), sleep(1_000, undefined, { signal }).catch(() => undefined)])
    return this.address ?? ''
  }

  /** Asks it to stop; after two seconds it is killed (its spool is made for that). */
  async stop(): Promise<void> {
    this.stopping = true
    const { child } = this
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await Promise.race([ended, sleep(2_000, undefined, { ref: false })])
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  }

  private read(line: string): void {
    let entry: { msg?: string; als?: string; level?: number; error?: string }
    try {
      entry = JSON.parse(line) as typeof entry
    } catch {
      return
    }
    if (entry.als && entry.msg === 'controller started') {
      this.address = `http://${entry.als}`
      this.waitMs = 500
      for (const wake of this.wake.splice(0)) wake()
    } else if ((entry.level ?? 0) >= 40) this.complain(`${this.wish.cluster}: ${entry.msg ?? ''} ${entry.error ?? ''}`.trimEnd())
  }

  /** The same complaint again says nothing new. */
  private complain(message: string): void {
    if (message !== this.complained) this.log(message)
    this.complained = message
  }

  private async ended(how: number | string | null): Promise<void> {
    this.address = undefined
    if (this.stopping) return
    this.log(`${this.wish.cluster}: the controller ended (${how}); again in ${this.waitMs} ms`)
    await sleep(this.waitMs)
    this.waitMs = Math.min(this.waitMs * 2, longestWaitMs)
    if (!this.stopping) this.start()
  }
}
