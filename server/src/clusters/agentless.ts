import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorCode, PanoptesError } from '@panoptes/contract'
import { createEnrolmentToken } from '../access/index.ts'
import type { Logger } from '../platform/log/index.ts'
import { holdLease, type State } from '../platform/state/index.ts'
import { spawnController } from './child.ts'
import type { Sealer } from './sealing.ts'

export interface AgentlessOptions {
  db: State['db']
  dataDir: string
  log: Logger
  sealer: Sealer
  /** Name of this replica of the server. */
  replica: string
  /** Authority that the children trust besides the system's, where the server signs its own certificate. */
  caFile?: string | undefined
}

interface Running {
  child: ChildProcess
  /** Of the sealed kubeconfig it was started with. */
  sealed: string
  startedAt: number
}

const lookEvery = 5_000
const leaseSeconds = 30
const longestWaitMs = 60_000

/** What an agentless cluster is called in its lease, its folder and its controller. */
const keyOf = (org: string, cluster: string): string => `${org}/${cluster}`

/**
 * The child controllers of clusters that are connected by a kubeconfig: every few seconds those that should run are compared with those that do. One
 * replica of the server holds a cluster at a time; the kubeconfig is opened only to be handed to the child.
 */
export class Agentless {
  private readonly options: AgentlessOptions
  private readonly running = new Map<string, Running>()
  private readonly waits = new Map<string, { until: number; ms: number }>()
  private readonly troubles = new Map<string, { code: ErrorCode; detail: string }>()
  private stopping = false
  private url = ''
  private heldAt = 0
  private timer: NodeJS.Timeout | undefined
  private round: Promise<void> | undefined

  constructor(options: AgentlessOptions) {
    this.options = options
  }

  /** Why the child of a cluster does not run here, where it should. */
  trouble = (org: string, cluster: string): { code: ErrorCode; detail: string } | undefined => this.troubles.get(keyOf(org, cluster))

  /** Begins, once the server listens at `url`. */
  start(url: string): void {
    this.url = url
    this.look()
  }

  /** Compares now instead of at the next round. */
  look(): void {
    clearTimeout(this.timer)
    if (this.stopping || this.url === '') return
    this.round = (this.round ?? Promise.resolve())
      .then(() => this.compare())
      .then(
        () => {
          this.heldAt = Date.now()
        },
        (error: unknown) => this.unheld(error),
      )
    this.timer = setTimeout(() => this.look(), lookEvery)
    this.timer.unref()
  }

  async stop(): Promise<void> {
    this.stopping = true
    clearTimeout(this.timer)
    await this.round
    await Promise.all([...this.running.keys()].map((key) => this.end(key)))
  }

  /** Ends the child of a cluster and forgets its folder. */
  async forget(org: string, cluster: string): Promise<void> {
    const key = keyOf(org, cluster)
    await this.end(key)
    this.troubles.delete(key)
    this.waits.delete(key)
    rmSync(this.folder(key), { recursive: true, force: true })
  }

  /** Where leases cannot be held any more, another replica takes the clusters over: two must not watch one. */
  private async unheld(error: unknown): Promise<void> {
    this.options.log.warn({ err: error }, 'agentless clusters could not be compared')
    if (Date.now() - this.heldAt < leaseSeconds * 1_000) return
    await Promise.all([...this.running.keys()].map((key) => this.end(key)))
  }

  private async compare(): Promise<void> {
    const { db, replica } = this.options
    const wanted = await db
      .selectFrom('clusterConnections')
      .innerJoin('clusters', (join_) => join_.onRef('clusters.org', '=', 'clusterConnections.org').onRef('clusters.name', '=', 'clusterConnections.cluster'))
      .select(['clusters.org', 'clusters.name', 'clusterConnections.sealed'])
      .where('clusters.stoppedAt', 'is', null)
      .execute()
    const byKey = new Map(wanted.map((row) => [keyOf(row.org, row.name), row]))
    for (const [key, { sealed }] of this.running) if (byKey.get(key)?.sealed !== sealed) await this.end(key)
    for (const [key, row] of byKey) {
      if (this.stopping) return
      if (!(await holdLease(db, `agentless/${key}`, replica, leaseSeconds))) await this.end(key)
      else if (!this.running.has(key) && (this.waits.get(key)?.until ?? 0) <= Date.now()) await this.run(key, row)
    }
  }

  private async run(key: string, { org, name, sealed }: { org: string; name: string; sealed: string }): Promise<void> {
    const { log, sealer, caFile } = this.options
    try {
      const { kubeconfig, context } = JSON.parse(sealer.open(sealed, key)) as { kubeconfig: string; context?: string }
      const data = this.folder(key)
      mkdirSync(data, { recursive: true, mode: 0o700 })
      const args = [
        '--name',
        `agentless-${name}`,
        '--server',
        this.url,
        '--data',
        data,
        '--als',
        '127.0.0.1:0',
        '--spool-max-bytes',
        '1G',
        '--log-level',
        'warn',
      ]
      const child = spawnController(
        [...args, ...(context ? [`--context=${context}`] : []), ...(caFile ? ['--ca', caFile] : [])],
        kubeconfig,
        await this.token(org, name, data),
      )
      this.running.set(key, { child, sealed, startedAt: Date.now() })
      let last = ''
      const relay = (chunk: Buffer): void => {
        last = chunk.toString().trim().slice(-500)
        log.debug({ cluster: name, controller: last }, 'agentless')
      }
      child.stdout?.on('data', relay)
      child.stderr?.on('data', relay)
      child.once('error', (error) => this.ended(key, child, error.message))
      child.once('exit', () => this.ended(key, child, last))
      this.troubles.delete(key)
    } catch (error) {
      this.failed(key, error instanceof PanoptesError ? error : new PanoptesError('PAN0517', (error as Error).message))
    }
  }

  /** A folder without a key needs a token; it goes no further than to the child. */
  private async token(org: string, cluster: string, data: string): Promise<string | undefined> {
    if (existsSync(join(data, 'identity.json'))) return undefined
    const made = await createEnrolmentToken(this.options.db, { org, cluster, origin: 'user', createdBy: 'the server', expiresInMinutes: 10 })
    return made.secret
  }

  private ended(key: string, child: ChildProcess, last: string): void {
    const { startedAt } = this.running.get(key) ?? { startedAt: 0 }
    if (this.running.get(key)?.child !== child) return
    this.running.delete(key)
    if (Date.now() - startedAt > longestWaitMs) this.waits.delete(key)
    this.failed(key, new PanoptesError('PAN0517', `The child controller ended: ${last || 'without a word'}`))
  }

  private failed(key: string, { code, message }: PanoptesError): void {
    const ms = Math.min((this.waits.get(key)?.ms ?? 500) * 2, longestWaitMs)
    this.waits.set(key, { until: Date.now() + ms, ms })
    this.troubles.set(key, { code, detail: message })
    this.options.log.warn({ cluster: key, code, detail: message, againInMs: ms }, 'an agentless cluster is not watched')
  }

  private async end(key: string): Promise<void> {
    const child = this.running.get(key)?.child
    this.running.delete(key)
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>((done) => child.once('exit', () => done()))
    child.kill('SIGTERM')
    await Promise.race([ended, sleep(8_000, undefined, { ref: false })])
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  }

  private folder(key: string): string {
    return join(this.options.dataDir, 'agentless', ...key.split('/'))
  }
}
