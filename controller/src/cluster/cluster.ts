import { type ClusterReport, type Coverage, PanoptesError, type PermissionRole } from '@panoptes/contract/ingest'
import type { Logger } from 'pino'
import type { KubeRequests } from '../watch/index.ts'
import { type Look, lookAtCluster } from './look.ts'
import { missingPermissions } from './permissions.ts'

export interface ClusterViewOptions {
  client: KubeRequests
  access: ClusterReport['access']
  roles: readonly PermissionRole[]
  /** Of the pods that are known; null before they are. */
  coverage: () => { coverage: Coverage; istio: Record<string, string> } | null
  /** Whether this replica watches. */
  leader: () => boolean
  /** Told when something the server must know at once has changed. */
  changed: () => void
  log: Logger
  now: () => number
}

/** One small request; what a cluster serves and who it is changes less often. */
const rightsEvery = 1_000
const lookEvery = 15_000

/** The cluster that this controller looks at, as it tells the server with every heartbeat: who it is, what we may do, what hinders us. */
export class ClusterView {
  private readonly options: ClusterViewOptions
  private look: Look | undefined
  private lookedAt = 0
  private missing: string[] = []
  private problem: PanoptesError | undefined
  private timer: NodeJS.Timeout | undefined
  private told = ''

  constructor(options: ClusterViewOptions) {
    this.options = options
  }

  /** Looks once, then on. Never throws: what went wrong is part of the report. */
  async start(): Promise<void> {
    await this.refresh()
    this.timer = setTimeout(() => void this.start(), rightsEvery)
  }

  stop(): void {
    clearTimeout(this.timer)
    this.options.client.close()
  }

  report(): ClusterReport {
    const { look, problem, missing, options } = this
    const covered = options.coverage()
    return {
      uid: look?.uid ?? '',
      version: look?.version ?? '',
      orchestration: look?.orchestration ?? '',
      access: options.access,
      apiServers: look?.apiServers ?? [],
      missing,
      leader: options.leader(),
      coverage: covered?.coverage ?? null,
      istio: covered?.istio ?? {},
      problem: problem ? { code: problem.code, detail: problem.message.slice(0, 2_000) } : null,
      at: new Date(options.now()).toISOString(),
    }
  }

  private async refresh(): Promise<void> {
    const { client, roles, now, log } = this.options
    try {
      if (!this.look || this.look.uid === '' || now() - this.lookedAt > lookEvery) {
        this.look = await lookAtCluster(client)
        this.lookedAt = now()
      }
      this.missing = await missingPermissions(client, roles, this.look.served)
      this.problem = undefined
    } catch (error) {
      this.problem = error instanceof PanoptesError ? error : new PanoptesError('PAN0503', (error as Error).message)
      this.lookedAt = 0
    }
    const { uid, version, missing, problem } = this.report()
    const state = JSON.stringify([uid, version, missing, problem?.code])
    if (state === this.told) return
    this.told = state
    log.info({ uid, version, missing, problem: problem?.detail }, 'the cluster as it looks from here')
    this.options.changed()
  }
}
