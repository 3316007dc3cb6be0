import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = resolve(import.meta.dirname, '..', '..')

/** The whole product in processes of its own, on an empty folder. */
export interface Product {
  url: string
  token: string
  alsPort: number
  dir: string
  server: number
  controller: number
  /** All processes that work for it right now: server, its children, controller. */
  pids(): number[]
  get<T>(path: string): Promise<T>
  stop(): Promise<void>
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}

function childrenOf(pid: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const direct = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child)
  return direct.flatMap((child) => [child, ...childrenOf(child)])
}

/** Starts server (on the folder `data`, where given) and controller and waits until both take telemetry. Throws with what they said where one ends. */
export async function startProduct(options: { serverArgs?: string[]; controller?: boolean; data?: string } = {}): Promise<Product> {
  const dir = mkdtempSync(join(tmpdir(), 'panoptes-bench-'))
  const config = join(dir, 'config')
  mkdirSync(config)
  const children: ChildProcess[] = []
  const run = (name: string, args: string[]): ChildProcess => {
    const out = openSync(join(dir, `${name}.log`), 'a')
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', out, out],
      env: { ...process.env, XDG_CONFIG_HOME: config, NODE_ENV: 'production' },
    })
    children.push(child)
    return child
  }
  const stop = async () => {
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const gone = new Promise((done) => child.once('exit', done))
      child.kill('SIGTERM')
      await Promise.race([gone, sleep(15_000).then(() => child.kill('SIGKILL'))])
    }
    rmSync(dir, { recursive: true, force: true })
  }
  const until = async (what: string, child: ChildProcess, name: string, ready: () => Promise<boolean> | boolean) => {
    for (const end = Date.now() + 120_000; ; await sleep(200)) {
      if (await Promise.resolve(ready()).catch(() => false)) return
      if (child.exitCode !== null || Date.now() > end) throw new Error(`${what} never came:\n${readFileSync(join(dir, `${name}.log`), 'utf8').slice(-3_000)}`)
    }
  }
  try {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const server = run('server', [
      '--single-threaded-gc',
      'server/src/main.ts',
      '--data',
      options.data ?? join(dir, 'server'),
      '--port',
      String(port),
      '--no-demo',
      '--log-level',
      'warn',
      ...(options.serverArgs ?? []),
    ])
    const contexts = join(config, 'panoptes', 'contexts.json')
    await until('the server', server, 'server', async () => existsSync(contexts) && (await fetch(`${url}/readyz`)).ok)
    const { token } = (JSON.parse(readFileSync(contexts, 'utf8')) as { contexts: { local: { token: string } } }).contexts.local
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const alsPort = await freePort()
    let controller: ChildProcess | undefined
    if (options.controller ?? true) {
      const made = await fetch(`${url}/api/v1/enrolment-tokens`, { method: 'POST', headers, body: JSON.stringify({ cluster: 'bench' }) })
      const { secret } = (await made.json()) as { secret: string }
      const status = await freePort()
      controller = run('controller', [
        'controller/src/main.ts',
        ...['--name', 'bench', '--server', url, '--token', secret, '--data', join(dir, 'controller')],
        ...['--als', `127.0.0.1:${alsPort}`, '--status', `127.0.0.1:${status}`, '--log-level', 'warn'],
      ])
      await until('the controller', controller, 'controller', async () => (await fetch(`http://127.0.0.1:${status}/healthz`)).ok)
    }
    return {
      url,
      token,
      alsPort,
      dir,
      server: server.pid!,
      controller: controller?.pid ?? 0,
      pids: () => [server.pid!, ...childrenOf(server.pid!), ...(controller ? [controller.pid!] : [])],
      get: async <T>(path: string) => (await (await fetch(`${url}${path}`, { headers })).json()) as T,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
