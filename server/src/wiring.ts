import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { allRoutes } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import {
  administratorEmail,
  auditRequest,
  auditSystem,
  createAuthenticate,
  createSignIn,
  ensureAdministrator,
  homeOrganization,
  registerAccess,
  registerControllers,
  revokeController,
  sharedSecret,
  writeLocalContext,
} from './access/index.ts'
import { Agentless, createKeeper, createSealer, registerClusters } from './clusters/index.ts'
import { createIngest } from './ingest/index.ts'
import { environmentMembers, knownImages, registerInventory } from './inventory/index.ts'
import { Jobs, registerKeeping } from './keeping/index.ts'
import { type Config, claimDataDir, localUrl, requireFreePort } from './platform/config/index.ts'
import { createHttp, serveConsole, serveHealth, serveOpenApi } from './platform/http/index.ts'
import type { Logger } from './platform/log/index.ts'
import { createMetrics, measureRequests } from './platform/metrics/index.ts'
import { migrateRecord, openRecord } from './platform/record/index.ts'
import { openState, releaseLeases } from './platform/state/index.ts'
import { DemoBank, forgetDemo, getSettings, listAbsences, registerSystem, startJobs, watchRates } from './system/index.ts'
import { registerTraffic } from './traffic/index.ts'
import { version } from './version.ts'

export interface RunningServer {
  app: FastifyInstance
  /** Address under which this machine reaches the server. */
  url: string
  /** True where this start made the administrator. */
  firstStart: boolean
  /** A one-time sign-in link for the administrator. */
  signInLink(): Promise<{ link: string; expiresAt: string }>
  close(): Promise<void>
}

/** Rows come into sight this much later at worst; an insert a second costs the record the same however many controllers send. */
const insertEveryMs = 1_000
const consoleDirectory = fileURLToPath(new URL('../../ui/dist', import.meta.url))

/**
 * The composition root: opens the stores, joins the rooms, listens. It and main.ts are the only files that know every room.
 * Whatever it has opened when something fails is closed again. Throws PAN0005 (a store), PAN0008 (folder or port in use).
 */
export async function startServer(config: Config, log: Logger): Promise<RunningServer> {
  const closers: (() => unknown)[] = []
  const close = once(async () => {
    for (const closer of closers.reverse()) await Promise.resolve(closer()).catch((error: unknown) => log.warn({ err: error }, 'closing failed'))
  })
  try {
    return await start(config, log, closers, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function start(config: Config, log: Logger, closers: (() => unknown)[], close: () => Promise<void>): Promise<RunningServer> {
  const startedAt = new Date()
  const replica = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`
  const troubles: string[] = []
  const onTrouble = (detail: string) => {
    log.error({ detail }, 'a store is in trouble')
    troubles.push(`${new Date().toISOString()} ${detail}`)
    if (troubles.length > 20) troubles.shift()
  }

  // The socket answers once everything stands; until then it only holds the folder.
  let makeLink: RunningServer['signInLink'] | undefined
  const claim = await claimDataDir(config.dataDir, (request, response) => {
    const answer = request.method === 'POST' && request.url === '/link' ? makeLink?.() : undefined
    if (!answer) return response.writeHead(answer === undefined && makeLink ? 404 : 503).end()
    answer.then(
      (link) => response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(link)),
      () => response.writeHead(503).end(),
    )
  })
  closers.push(() => claim.release())

  await requireFreePort(config.host, config.port)
  const state = await openState({ dataDir: config.dataDir, postgresUrl: config.postgresUrl, onTrouble })
  closers.push(() => state.close())
  const { db } = state
  const record = await openRecord({
    log,
    ...(config.clickhouseUrl ? { url: config.clickhouseUrl, cluster: config.clickhouseCluster ?? '' } : { dataDir: config.dataDir }),
  })
  closers.push(() => record.close())
  await migrateRecord(record)
  const { disk } = await getSettings(db, homeOrganization)
  const ingest = await createIngest({ record, log, floorBytes: disk.floorBytes, insertEveryMs })
  closers.push(() => ingest.close())

  const metrics = createMetrics(version)
  const rates = watchRates(ingest)
  closers.push(
    () => metrics.close(),
    () => rates.close(),
  )
  const firstStart = await ensureAdministrator(db)
  let publicUrl = config.publicUrl ?? ''
  const secure = config.publicUrl ? config.publicUrl.startsWith('https:') : config.tls !== undefined
  const signIn = createSignIn({ db, secret: await sharedSecret(db, 'sessions'), publicUrl: () => publicUrl, secure })
  const { authenticate, forget } = createAuthenticate(db, signIn)
  const demo = new DemoBank({ state, dataDir: config.dataDir, log, tlsCert: config.tlsCertFile })
  const jobs = startJobs({ state, ingest, log, replica })
  const longWork = new Jobs(db, log)
  closers.push(
    () => longWork.close(),
    () => releaseLeases(db, replica),
    () => jobs.stop(),
  )

  const app = createHttp({
    log,
    authenticate,
    audit: (request, change, outcome) => auditRequest(db, request, change, outcome),
    strict: process.env.NODE_ENV === 'test' || process.env.NODE_ENV === 'development',
    ...(config.tls ? { tls: config.tls } : {}),
    ...(config.trustProxy ? { trustProxy: config.trustProxy } : {}),
  })
  closers.push(() => app.close())
  measureRequests(app, metrics)
  serveHealth(app, {
    ready: async () => ({ state: (await state.probe()) !== undefined, record: record.status().state === 'ready' }),
    metrics: async () => ({ type: metrics.registry.contentType, text: await metrics.registry.metrics() }),
  })
  const demoControllers = () => db.selectFrom('controllers').select(['id', 'org']).where('origin', '=', 'demo').where('revokedAt', 'is', null).execute()
  const demoPresent = async () => demo.state === 'running' || (await demoControllers()).length > 0
  registerAccess(app, { db, signIn, authenticate, forget, version, demoPresent })
  registerControllers(
    app,
    { db, signIn, authenticate, forget, version, demoPresent },
    ingest,
    createKeeper(db, (org, after) => knownImages(record.reader({ org }), after, Date.now() * 1000)),
  )
  const sealer = createSealer(config.dataDir, config.secretsKey)
  const agentless = new Agentless({ db, dataDir: config.dataDir, log, sealer, replica, caFile: config.tlsCertFile })
  closers.push(() => agentless.stop())
  const retention = async () => {
    const { days } = (await getSettings(db, homeOrganization)).retention
    return `it is kept for ${days} days`
  }
  registerClusters(app, { db, version, sealer, agentless, publicUrl: () => publicUrl, retention, forget })
  registerSystem(app, {
    ...{ version, replica, startedAt, dataDir: config.dataDir, state, record, ingest, metrics, rates },
    demoState: () => demo.state,
    troubles: () => troubles,
    onSettings: () => void jobs.retain(),
    removeDemo: async () => {
      await demo.remove()
      const removed = await demoControllers()
      for (const { org, id } of removed) await revokeController(db, org, id)
      await db.deleteFrom('clusters').where('origin', '=', 'demo').execute()
      return { controllers: removed.length, rows: await forgetDemo(record, ingest, homeOrganization) }
    },
  })
  registerInventory(app, { reader: (scope) => record.reader(scope), db })
  registerTraffic(app, {
    db,
    ingest,
    absences: (org) => listAbsences(db, org),
    members: environmentMembers(db, (scope) => record.reader(scope)),
    reader: (scope) => record.reader(scope),
    ...(record.embedded ? {} : { shared: record }),
  })
  registerKeeping(app, { jobs: longWork, ingest, db, version, home: homeOrganization, settings: () => getSettings(db, homeOrganization) })
  serveOpenApi(app, allRoutes, version)
  serveConsole(app, consoleDirectory)

  await app.listen({ port: config.port, host: config.host })
  const address = app.server.address()
  const url = localUrl(config, typeof address === 'object' && address ? address.port : config.port)
  publicUrl ||= url
  makeLink = async () => {
    const email = await administratorEmail(db)
    await auditSystem(db, 'administratorLink', { target: `user/${email}`, org: homeOrganization })
    return signIn.link(email)
  }
  claim.announce(url)
  await writeLocalContext(db, { url, dataDir: config.dataDir, administrator: await administratorEmail(db) }).catch((error: unknown) =>
    log.warn({ err: error }, 'the context of the command line could not be written'),
  )
  agentless.start(url)
  if (config.demo) {
    // The demo is a client of this server like any other; what it is given stands in contract/src/system/demo.ts.
    closers.push(() => demo.stop())
    await demo.start(config.publicUrl ?? url)
  }
  return { app, url, firstStart, signInLink: makeLink, close }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => {
    done ??= work()
    return done
  }
}
