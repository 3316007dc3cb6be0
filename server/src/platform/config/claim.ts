import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PanoptesError } from '@panoptes/contract'

/** What `server.json` in a data folder says about the server that runs on it. */
export interface Running {
  pid: number
  /** Address of the HTTP API. */
  url: string
  /** Unix socket for who may read the folder: `POST /link` answers `{link, expiresAt}`. */
  socket: string
}

export interface Claim {
  /** Tells others on this machine where the server is. */
  announce(url: string): void
  release(): Promise<void>
}

/**
 * Claims a data folder for this process by listening on a Unix socket in it, which `admin` answers. Only the owner of the
 * folder can reach it, and being able to is being an administrator. Throws PAN0008 where another server runs on the folder.
 */
export async function claimDataDir(dataDir: string, admin: RequestListener): Promise<Claim> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const socket = socketPath(dataDir)
  const file = join(dataDir, 'server.json')
  let server = await listen(socket, admin)
  if (!server) {
    if (await answers(socket)) {
      throw new PanoptesError('PAN0008', `another server${ownerOf(file)} runs on the data folder ${dataDir}: stop it, or choose another folder with --data`)
    }
    // Left behind by a server that was killed.
    rmSync(socket, { force: true })
    server = await listen(socket, admin)
    if (!server) throw new PanoptesError('PAN0008', `another server has just started on the data folder ${dataDir}`)
  }
  chmodSync(socket, 0o600)
  const held = server
  return {
    announce(url) {
      writeFileSync(file, `${JSON.stringify({ pid: process.pid, url, socket } satisfies Running)}\n`, { mode: 0o600 })
    },
    async release() {
      rmSync(file, { force: true })
      held.closeAllConnections()
      await new Promise<void>((resolve) => held.close(() => resolve()))
    },
  }
}

/** Unix allows about 100 characters; a deeper folder gets its socket in the folder for temporary files. */
function socketPath(dataDir: string): string {
  const inside = join(dataDir, 'admin.sock')
  if (inside.length < 100) return inside
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16)
  return join(tmpdir(), `panoptes-${process.getuid?.() ?? 0}-${name}.sock`)
}

function listen(socket: string, admin: RequestListener): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer(admin)
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)))
    server.listen(socket, () => resolve(server))
  })
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(socket)
    client.once('connect', () => {
      client.destroy()
      resolve(true)
    })
    client.once('error', () => resolve(false))
  })
}

function ownerOf(file: string): string {
  try {
    const { pid, url } = JSON.parse(readFileSync(file, 'utf8')) as Running
    return ` (process ${pid}, ${url})`
  } catch {
    return ''
  }
}
