import { execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The folder of PostgreSQL's programs (POSTGRES_BIN, or where Debian keeps them); undefined where none is. For tests. */
export function findPostgres(): string | undefined {
  if (process.env.POSTGRES_BIN) return process.env.POSTGRES_BIN
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return undefined
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
  return versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'postgres')))
}

/** A throw-away PostgreSQL on a free port of loopback, for tests. Runs as the user `postgres` when we are root. */
export async function startPostgres(): Promise<{ url: string; stop: () => Promise<void> }> {
  const bin = findPostgres()
  if (!bin) throw new Error('PostgreSQL is not installed (apt-get install postgresql)')
  const directory = mkdtempSync(join(tmpdir(), 'panoptes-postgres-'))
  const asUser = userOptions(directory)
  execFileSync(join(bin, 'initdb'), ['-D', join(directory, 'data'), '-U', 'panoptes', '-A', 'trust', '--no-sync'], { ...asUser, stdio: 'ignore' })
  const port = await freePort()
  const args = [
    '-D',
    join(directory, 'data'),
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    `unix_socket_directories=${directory}`,
    '-c',
    'fsync=off',
  ]
  const child = spawn(join(bin, 'postgres'), args, { ...asUser, stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      execFileSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
      break
    } catch {
      await sleep(100)
    }
  }
  return {
    url: `postgres://panoptes@127.0.0.1:${port}/postgres`,
    stop: async () => {
      child.kill('SIGINT')
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function userOptions(directory: string): { uid?: number; gid?: number; cwd: string } {
  if (process.getuid?.() !== 0) return { cwd: directory }
  const uid = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }))
  const gid = Number(execFileSync('id', ['-g', 'postgres'], { encoding: 'utf8' }))
  chownSync(directory, uid, gid)
  return { uid, gid, cwd: directory }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
