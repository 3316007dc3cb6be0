import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const ui = resolve(import.meta.dirname, '..')
const root = resolve(ui, '..')

export interface RunningServer {
  url: string
  /** The one-time sign-in link of the administrator. */
  link: string
  close: () => Promise<void>
}

function newest(directory: string): number {
  return Math.max(
    ...readdirSync(directory, { withFileTypes: true }).map((e) =>
      e.isDirectory() ? newest(join(directory, e.name)) : statSync(join(directory, e.name)).mtimeMs,
    ),
  )
}

/** Builds the console where its sources are newer than what was built. */
function buildConsole(): void {
  const built = join(ui, 'dist', 'index.html')
  if (existsSync(built) && statSync(built).mtimeMs > newest(join(ui, 'src'))) return
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js')
  // The test runner's NODE_ENV would bring React's development build.
  execFileSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: ui, env: { ...process.env, NODE_ENV: 'production' }, stdio: 'inherit' })
}

/** Starts a real server on a free port with a data folder of its own; with the demo unless told otherwise. */
export async function startServer(options: string[] = []): Promise<RunningServer> {
  buildConsole()
  const data = mkdtempSync(join(tmpdir(), 'panoptes-e2e-'))
  const server = spawn(
    process.execPath,
    [join(root, 'server/src/main.ts'), '--port', '0', '--data', data, '--log-file', join(data, 'server.log'), ...options],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, PANOPTES_LINK: '1' },
    },
  )
  const { url, link } = await ready(server)
  const close = async () => {
    const ended = new Promise((done) => server.once('exit', done))
    server.kill('SIGTERM')
    await ended
    rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
  return { url, link, close }
}

function ready(server: ChildProcess): Promise<{ url: string; link: string }> {
  return new Promise((done, fail) => {
    server.once('exit', (code) => fail(new Error(`the server ended with ${code} before it was ready`)))
    server.on('message', (message: { ready: boolean; url?: string; link?: string; detail?: string }) => {
      if (message.ready) done({ url: message.url!, link: message.link! })
      else fail(new Error(message.detail))
    })
  })
}
