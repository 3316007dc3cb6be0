import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Run } from '../proof.ts'
import { type Api, createApi } from './api.ts'
import type { Address } from './envoy-config.ts'
import { freePorts } from './ports.ts'
import { childrenOf, type Process, startProcess } from './process.ts'
import { until } from './wait.ts'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const scopes = ['record:read', 'record:write', 'settings:read', 'settings:write', 'users:read', 'users:write', 'audit:read', 'self']

/** The server under test: a process of ours on a data folder and a port that outlive it. */
export interface Product {
  url: string
  port: number
  token: string
  data: string
  /** By the token. */
  api: Api
  /** As the signed-in administrator: what belongs to a person (own tokens) is closed to tokens. */
  person: Api
  process(): Process
  /** The record's own process, a child of the server. */
  recordPid(): number | undefined
  /** Starts it again on the same data and port, after a stop or a kill; resolves when it is ready. */
  start(): Promise<void>
  /** A token that enrols one controller of this cluster. */
  enrol(cluster: string): Promise<string>
}

export interface ServerOptions {
  data?: string
  args?: string[]
  readySeconds?: number
  /** A token that the data folder already knows; without one the first start's link is used. */
  token?: string
}

/** Starts a server on an empty folder, signs in by its link and makes an API token. */
export async function startServer(run: Run, options: ServerOptions = {}): Promise<Product> {
  const data = options.data ?? join(run.dir, 'server')
  const [port] = (await freePorts(1)) as [number]
  const url = `http://127.0.0.1:${port}`
  let running: Process

  async function start(): Promise<void> {
    const args = [join(root, 'server/src/main.ts'), '--data', data, '--port', String(port), '--no-demo', ...(options.args ?? [])]
    running = startProcess(run, 'server', process.execPath, args, { env: { XDG_CONFIG_HOME: join(run.dir, 'config') } })
    await until('the server is ready', options.readySeconds ?? 240, async () => {
      if (!running.alive()) throw new Error(`the server ended:\n${running.output().slice(-3000)}`)
      return (await fetch(`${url}/readyz`)).ok
    })
  }

  await start()
  const { token, cookie } = options.token ? { token: options.token, cookie: '' } : await signIn(url, () => running.output())
  const api = createApi(url, token)
  return {
    url,
    port,
    token,
    data,
    api,
    person: createApi(url, '', cookie),
    process: () => running,
    recordPid: () => childrenOf(running.pid).find((child) => /platform\/record/.test(child.command))?.pid,
    start,
    enrol: async (cluster) => (await api.post<{ secret: string }>('/api/v1/enrolment-tokens', { cluster })).secret,
  }
}

/** Signs in by the one-time link that the first start prints, as a person would, and makes a token. */
async function signIn(url: string, output: () => string): Promise<{ cookie: string; token: string }> {
  const secret = await until('the sign-in link is printed', 20, () => /sign-in#token=([\w.~-]+)/.exec(output())?.[1])
  const headers = { 'content-type': 'application/json', origin: url }
  const session = await fetch(`${url}/api/v1/session/link`, { method: 'POST', headers, body: JSON.stringify({ token: secret }) })
  if (!session.ok) throw new Error(`sign-in by link: ${session.status} ${await session.text()}`)
  const cookie = session.headers
    .getSetCookie()
    .map((c) => c.split(';')[0])
    .join('; ')
  const made = await fetch(`${url}/api/v1/tokens`, { method: 'POST', headers: { ...headers, cookie }, body: JSON.stringify({ name: 'prove', scopes }) })
  if (!made.ok) throw new Error(`making a token: ${made.status} ${await made.text()}`)
  return { cookie, token: ((await made.json()) as { secret: string }).secret }
}

/** The controller under test. */
export interface Controller {
  cluster: string
  data: string
  als: Address
  otlp: Address
  otlpHttp: string
  process(): Process
  start(): Promise<void>
  /** Batches that wait in its spool; 1 where it does not say. */
  waiting(): Promise<number>
}

export interface ControllerOptions {
  /** Its name and the name of its cluster. */
  name: string
  /** Where it finds the server; the server itself unless a relay stands between. */
  via?: string
  data?: string
  args?: string[]
}

/** Enrols and starts a controller that takes telemetry on a port of loopback. */
export async function startController(run: Run, server: Product, options: ControllerOptions): Promise<Controller> {
  const data = options.data ?? join(run.dir, `controller-${options.name}`)
  mkdirSync(data, { recursive: true })
  const [port, httpPort, statusPort] = (await freePorts(3)) as [number, number, number]
  const token = await server.enrol(options.name)
  let running: Process

  async function start(): Promise<void> {
    const args = [
      join(root, 'controller/src/main.ts'),
      ...['--name', options.name, '--server', options.via ?? server.url, '--token', token, '--data', data],
      ...['--als', `127.0.0.1:${port}`, '--otlp-http', `127.0.0.1:${httpPort}`, '--status', `127.0.0.1:${statusPort}`],
      ...(options.args ?? []),
    ]
    running = startProcess(run, `controller-${options.name}`, process.execPath, args)
    await until('the controller listens', 30, async () => {
      if (!running.alive()) throw new Error(`the controller ended:\n${running.output().slice(-3000)}`)
      return listens(port)
    })
  }
  await start()
  const at = { host: '127.0.0.1', port }
  return {
    cluster: options.name,
    data,
    als: at,
    otlp: at,
    otlpHttp: `http://127.0.0.1:${httpPort}/v1/logs`,
    process: () => running,
    start,
    waiting: () => waitingAt(statusPort),
  }
}

async function waitingAt(port: number): Promise<number> {
  const text = await fetch(`http://127.0.0.1:${port}/metrics`).then(
    (answer) => answer.text(),
    () => '',
  )
  return Number(/^panoptes_controller_spool_batches (\d+)/m.exec(text)?.[1] ?? 1)
}

async function listens(port: number): Promise<boolean> {
  const { connect } = await import('node:net')
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Id by which the record knows a cluster's (only) controller. */
export async function controllerId(server: Product, cluster: string): Promise<string> {
  const { controllers } = await server.api.get<{ controllers: { id: string; cluster: string }[] }>('/api/v1/controllers')
  return controllers.find((c) => c.cluster === cluster)?.id ?? ''
}
