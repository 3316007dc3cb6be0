import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Heartbeat } from '@panoptes/contract'
import type { Logger } from 'pino'
import { AccessBatcher, Interner, TableBatcher } from './batch/index.ts'
import { AccessWriter, AlsReceiver, BadMessages, GrpcServer, ProxyRegistry, Sources } from './collect/index.ts'
import { alsMethod } from './collect/methods.ts'
import { Gaps } from './gaps.ts'
import { IdentityFile, Link } from './link/index.ts'
import type { ControllerOptions } from './options.ts'
import { Spool } from './spool/index.ts'

export const controllerVersion = '0.1.0'

/** A controller that runs: its ports, and how to stop it. */
export interface Controller {
  /** Port of the access log service (and of metrics and OTLP over gRPC); 0 where it is off. */
  alsPort: number
  /** Stops taking telemetry, writes and sends what is left for at most `patience` milliseconds (10 s), and ends. */
  stop(patience?: number): Promise<void>
}

const alsPath = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs'
const gapsEvery = 10_000

/**
 * Starts the controller in this process.
 * @throws Error where the data folder or a port cannot be used.
 */
export async function startController(options: ControllerOptions, log: Logger): Promise<Controller> {
  const now = Date.now
  const started = new Date().toISOString()
  mkdirSync(options.data, { recursive: true, mode: 0o700 })
  const identity = new IdentityFile(options.data)
  const interner = new Interner()
  const registry = new ProxyRegistry()
  const sources = new Sources(now)
  const bad = new BadMessages(options.data)
  const gaps: Gaps = new Gaps(new TableBatcher('gaps', (raw) => submit(raw)), now)
  const spool = new Spool({
    dir: options.data,
    maxBytes: options.spoolMaxBytes,
    maxAge: options.spoolMaxAge,
    keep: options.spoolKeep,
    now,
    lost: (stream, loss) => gaps.lost(stream, loss),
    trouble: (what) => (what === '' ? log.info('spool is written again') : log.error({ spool: join(options.data, 'spool') }, what)),
  })
  const submit = (raw: Parameters<Spool['submit']>[0]): Promise<void> =>
    spool.submit(raw).catch((error: Error) => log.error({ error: error.message, stream: raw.stream, rows: raw.rows }, 'batch not spooled'))
  const batcher = new AccessBatcher(interner, (raw) => void submit(raw), now)
  const writer = new AccessWriter(interner, batcher, registry, { keepQuery: options.keepQuery, now })
  const als = new AlsReceiver({ interner, writer, registry, restart: () => batcher.restart() })
  const grpc = new GrpcServer({
    host: options.als.host,
    port: options.als.port,
    tls: options.tls,
    pressed: () => spool.pressed,
    methods: { [alsPath]: alsMethod({ als, sources, bad, gaps, log }) },
  })
  const heartbeat = (): Heartbeat => ({ version: controllerVersion, started, sources: sources.list(), spool: spool.state() })
  const link = new Link({
    server: options.server,
    ca: options.ca ? readFileSync(options.ca, 'utf8') : undefined,
    name: options.name,
    token: options.token,
    version: controllerVersion,
    spool,
    identity,
    heartbeat,
    log,
  })

  spool.onChange(() => grpc.release())
  const sealing = setInterval(() => batcher.sealDue(), 100)
  const ticking = setInterval(() => {
    sources.tick(gapsEvery / 1000)
    gaps.flush()
    void spool.expire()
  }, gapsEvery)
  const alsPort = await grpc.listen()
  link.start()
  log.info({ als: `${options.als.host}:${alsPort}`, server: options.server, data: options.data }, 'controller started')

  let stopping: Promise<void> | undefined
  const stop = async (patience: number): Promise<void> => {
    await grpc.close(options.drain)
    clearInterval(sealing)
    clearInterval(ticking)
    batcher.sealAll()
    gaps.flush()
    await spool.settled()
    await link.stop(patience)
    await spool.close()
    log.info({ waiting: spool.waiting }, 'controller stopped')
  }
  return {
    alsPort,
    stop: (patience = 10_000) => {
      stopping ??= stop(patience)
      return stopping
    },
  }
}
