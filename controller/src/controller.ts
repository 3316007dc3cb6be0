import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import type { Heartbeat } from '@panoptes/contract/ingest'
import type { Logger } from 'pino'
import { Admission } from './admission/index.ts'
import { Alive } from './alive.ts'
import { type RawBatch, TableBatcher } from './batch/index.ts'
import { ClusterView, coverageOf, istioOf, Leader } from './cluster/index.ts'
import { Collector, GrpcServer, grpcMethods, OtlpHttpServer } from './collect/index.ts'
import { Gaps } from './gaps.ts'
import { Inventory } from './inventory/index.ts'
import { IdentityFile, Link } from './link/index.ts'
import type { ControllerOptions } from './options.ts'
import { Spool } from './spool/index.ts'
import { StatusServer } from './status.ts'
import { kubeClient } from './watch/index.ts'

export const controllerVersion = '0.1.0'

/** A controller that runs: its ports (0 where one is off), and how to stop it. */
export interface Controller {
  /** Access logs, metrics and OTLP over gRPC. */
  alsPort: number
  otlpHttpPort: number
  statusPort: number
  /** Stops taking telemetry, writes and sends what is left for at most `patience` milliseconds (10 s), and ends. */
  stop(patience?: number): Promise<void>
}

const tickEvery = 100
const accountEvery = 5000

/**
 * Starts a controller in this process.
 * @throws Error where the data folder or a port cannot be used.
 */
export async function startController(options: ControllerOptions, log: Logger): Promise<Controller> {
  const now = Date.now
  const started = new Date().toISOString()
  mkdirSync(options.data, { recursive: true, mode: 0o700 })
  const identity = new IdentityFile(options.data)
  const alive = new Alive(options.data, now)
  const gaps: Gaps = new Gaps(new TableBatcher('gaps', (raw) => void submit(raw)), now)
  const spool = openSpool(options, gaps, log, now)
  const submit = (raw: RawBatch): Promise<void> =>
    spool.submit(raw).catch((error: Error) => log.error({ error: error.message, stream: raw.stream, rows: raw.rows }, 'batch not spooled'))
  const collector = new Collector({ data: options.data, keepQuery: options.keepQuery, contradictions: options.contradictions, now, gaps, log, submit })
  const { tls } = options
  const pressed = (): boolean => spool.pressed
  const grpc = new GrpcServer({ ...options.als, tls, pressed, methods: grpcMethods(collector.parts) })
  const otlpHttp = options.otlpHttp && new OtlpHttpServer({ ...options.otlpHttp, tls, pressed, take: (bytes, peer) => collector.otlp(bytes, peer) })
  // A watched cluster is some 60 MB of objects, of which each change replaces one: V8 would let many times that gather before
  // it collects, and leave twice that in half-empty pages.
  if (options.cluster) for (const flag of ['--heap-growing-percent=10', '--optimize-for-size']) setFlagsFromString(flag)
  const inventory = options.cluster && inventoryOf(options, options.cluster, spool, log)
  const cluster =
    options.cluster &&
    inventory &&
    viewOf(
      options.cluster,
      inventory,
      () => link.tell(),
      () => leader?.leads ?? true,
      log,
    )
  const leader =
    options.cluster?.lease !== undefined && inventory ? leaderOf(options.cluster, inventory, `${options.name}-${identity.value.instance}`, log) : undefined
  const admission = options.cluster?.admission && inventory ? admissionOf(options, options.cluster, inventory, submit, log) : undefined
  const heartbeat = (): Heartbeat => ({
    ...{ version: controllerVersion, started, sources: collector.sources.list(), spool: spool.state() },
    ...(cluster ? { cluster: cluster.report() } : {}),
    ...(admission ? { admission: admission.report() } : {}),
  })
  const link: Link = new Link({
    server: options.server,
    ca: options.ca ? readFileSync(options.ca, 'utf8') : undefined,
    name: options.name,
    token: options.token,
    version: controllerVersion,
    spool,
    identity,
    heartbeat,
    answered: (told) => told.admission && admission?.obey(told.admission),
    log,
  })
  const status =
    options.status &&
    new StatusServer(options.status, {
      sources: () => collector.sources.list(),
      spool: () => spool.state(),
      link: () => link.state,
      watches: () => inventory?.status(),
      ready: () => admission?.ready ?? true,
    })

  const alsPort = await grpc.listen()
  const otlpHttpPort = (await otlpHttp?.listen()) ?? 0
  const statusPort = (await status?.listen()) ?? 0
  const admissionPort = (await admission?.start()) ?? 0
  spool.onChange(() => grpc.release())
  const timers = [
    setInterval(() => collector.tick(), tickEvery),
    setInterval(() => {
      alive.beat()
      collector.flushCounters()
    }, 1000),
    setInterval(() => {
      collector.sources.tick(accountEvery / 1000)
      gaps.flush()
      void spool.expire()
    }, accountEvery),
  ]
  if (inventory) collector.finishBy(inventory.attribution(() => identity.value.cluster))
  await inventory?.recover()
  if (leader) leader.start()
  else inventory?.start()
  void cluster?.start()
  if (alive.before !== undefined) gaps.down(alive.before)
  alive.beat()
  link.start()
  log.info({ als: `${options.als.host}:${alsPort}`, otlpHttpPort, statusPort, admissionPort, server: options.server, data: options.data }, 'controller started')

  const stop = async (patience: number): Promise<void> => {
    await Promise.all([grpc.close(options.drain), otlpHttp?.close()])
    for (const timer of timers) clearInterval(timer)
    cluster?.stop()
    await admission?.stop()
    await inventory?.stop()
    await leader?.stop()
    collector.sealAll()
    collector.flushCounters()
    gaps.flush()
    await spool.settled()
    await link.stop(patience)
    const { waiting } = spool
    await spool.close()
    await status?.close()
    log.info({ waiting }, 'controller stopped')
  }
  let stopping: Promise<void> | undefined
  return {
    alsPort,
    otlpHttpPort,
    statusPort,
    stop(patience = 10_000) {
      stopping ??= stop(patience)
      return stopping
    },
  }
}

type ClusterOptions = NonNullable<ControllerOptions['cluster']>

function inventoryOf(
  { data, trustDomain = 'cluster.local', excludedNamespaces = [] }: ControllerOptions,
  cluster: ClusterOptions,
  spool: Spool,
  log: Logger,
): Inventory {
  const { access, roles } = cluster
  return new Inventory({ client: kubeClient(access), data, roles, trustDomain, excludedNamespaces, spool, log, now: Date.now })
}

function viewOf({ access, by, roles }: ClusterOptions, inventory: Inventory, changed: () => void, leader: () => boolean, log: Logger): ClusterView {
  const client = kubeClient(access)
  const coverage = () => {
    const pods = [...inventory.pods()]
    return inventory.status().get('pods')?.resourceVersion ? { coverage: coverageOf(pods), istio: istioOf(pods) } : null
  }
  return new ClusterView({ client, access: by, roles, coverage, leader, changed, log, now: Date.now })
}

function admissionOf(
  { data }: ControllerOptions,
  { access, admission }: ClusterOptions,
  inventory: Inventory,
  submit: (raw: RawBatch) => Promise<void>,
  log: Logger,
): Admission {
  const table = new TableBatcher('decisions', (raw) => void submit(raw))
  return new Admission({ client: kubeClient(access), data, ...admission!, table, pods: () => inventory.pods(), log, now: Date.now })
}

/** Of several replicas the leader watches. One that has lost the Lease ends, and starts again as one that waits. */
function leaderOf({ access, lease = '' }: ClusterOptions, inventory: Inventory, identity: string, log: Logger): Leader {
  const lost = (why: string): void => {
    log.error({ why }, 'this replica no longer leads: it starts anew')
    void inventory.stop()
    process.kill(process.pid, 'SIGTERM')
  }
  const gained = (): void => {
    log.info({ lease }, 'this replica leads')
    inventory.start()
  }
  return new Leader({ client: kubeClient(access), lease, identity, gained, lost, log })
}

function openSpool(options: ControllerOptions, gaps: Gaps, log: Logger, now: () => number): Spool {
  return new Spool({
    dir: options.data,
    maxBytes: options.spoolMaxBytes,
    maxAge: options.spoolMaxAge,
    keep: options.spoolKeep,
    now,
    lost: (stream, loss) => gaps.lost(stream, loss),
    trouble(what) {
      if (what === '') log.info('the spool can be written again')
      else log.error({ spool: join(options.data, 'spool') }, what)
    },
  })
}
