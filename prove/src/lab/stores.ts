import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Run } from '../proof.ts'
import { freePorts } from './ports.ts'
import { until } from './wait.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

/** Folder of PostgreSQL's programs: POSTGRES_BIN, or Debian's newest. Throws where there is none. */
function postgresBin(): string {
  if (process.env.POSTGRES_BIN) return process.env.POSTGRES_BIN
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const bin = versions.map((version) => join(debian, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')))
  if (!bin) throw new Error('PostgreSQL is not on this machine (apt-get install postgresql, or set POSTGRES_BIN)')
  return bin
}

/** A real PostgreSQL on an empty folder and a free port of loopback; its URL. It refuses to run as root, so it then runs as `postgres`. */
export async function startPostgres(run: Run): Promise<string> {
  const bin = postgresBin()
  // Outside the run's folder, which another user may not enter.
  const dir = mkdtempSync(join(tmpdir(), 'panoptes-prove-postgres-'))
  run.defer(() => rmSync(dir, { recursive: true, force: true }))
  const [port] = (await freePorts(1)) as [number]
  const user: { uid?: number; gid?: number } = {}
  if (process.getuid?.() === 0) {
    user.uid = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }))
    user.gid = Number(execFileSync('id', ['-g', 'postgres'], { encoding: 'utf8' }))
    chownSync(dir, user.uid, user.gid)
  }
  const data = join(dir, 'data')
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'panoptes', '-A', 'trust'], { ...user, cwd: dir, stdio: 'ignore' })
  const args = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', `unix_socket_directories=${dir}`]
  const child = spawn(join(bin, 'postgres'), args, { ...user, cwd: dir, stdio: 'ignore' })
  run.defer(() => ended(child, 'SIGINT'))
  await until('PostgreSQL answers', 30, () => {
    try {
      execFileSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
  run.figure('PostgreSQL', execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' }).trim())
  return `postgres://panoptes@127.0.0.1:${port}/postgres`
}

/**
 * ClickHouse's HTTP interface on a TCP port: the engine of the embedded record in a process of its own, so that servers reach it by
 * a URL as they would a ClickHouse server. No ClickHouse server can be had from package registries: docs/scale.md says so.
 */
export async function startClickHouse(run: Run): Promise<string> {
  const dir = join(run.dir, 'clickhouse')
  mkdirSync(dir, { recursive: true })
  const socket = join(dir, 'engine.sock')
  const configFile = join(dir, 'config.xml')
  writeFileSync(configFile, '<clickhouse></clickhouse>')
  const options = { dataDir: join(dir, 'data'), socket, configFile, staging: join(dir, 'staging') }
  const child = spawn(process.execPath, [join(root, 'server/src/platform/record/child.ts'), JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  run.defer(() => ended(child, 'SIGKILL'))
  await new Promise<void>((resolve, reject) => {
    child.on('message', (message: { type: string; message?: string }) => (message.type === 'ready' ? resolve() : reject(new Error(message.message))))
    child.once('exit', (code) => reject(new Error(`the engine ended with ${code}`)))
  })
  const door = createServer((near) => {
    const far = connect(socket)
    near.pipe(far).pipe(near)
    near.on('error', () => far.destroy())
    far.on('error', () => near.destroy())
  })
  const [port] = (await freePorts(1)) as [number]
  await new Promise<void>((resolve) => door.listen(port, '127.0.0.1', resolve))
  run.defer(() => void door.close())
  return `http://127.0.0.1:${port}`
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await gone
}
