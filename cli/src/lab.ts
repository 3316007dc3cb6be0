import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { runCli } from './run.ts'

export interface Ran {
  code: number
  out: string
  err: string
}

/** Runs one command line in this process, with standard output and error collected. */
export async function run(env: NodeJS.ProcessEnv, ...argv: string[]): Promise<Ran> {
  const stdout = collector()
  const stderr = collector()
  const code = await runCli(argv, { env, stdout: stdout.stream, stderr: stderr.stream })
  return { code, out: stdout.text(), err: stderr.text() }
}

function collector(): { stream: NodeJS.WriteStream; text(): string } {
  const parts: Buffer[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      parts.push(Buffer.from(chunk))
      done()
    },
  })
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => Buffer.concat(parts).toString() }
}

export interface LabServer {
  url: string
  /** Environment of a user of this machine: the context `local` is in it. */
  env: NodeJS.ProcessEnv
  data: string
  stop(): Promise<void>
}

/** Starts the real server as a process, on a free port and in a folder of its own. */
export async function startServer(...args: string[]): Promise<LabServer> {
  const home = mkdtempSync(join(tmpdir(), 'panoptes-cli-'))
  const data = join(home, 'data')
  const env = { PATH: process.env.PATH, XDG_CONFIG_HOME: join(home, 'config') }
  const program = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url))
  const child = spawn(process.execPath, [program, '--port', '0', '--data', data, ...args], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const said: string[] = []
  child.stderr!.on('data', (part: Buffer) => said.push(part.toString()))
  const ready = new Promise<{ url: string }>((done, fail) => {
    child.on('message', (message: { ready: boolean; url: string; detail?: string }) => (message.ready ? done(message) : fail(new Error(message.detail))))
    child.once('exit', () => fail(new Error(`the server ended: ${said.join('')}`)))
  })
  const { url } = await ready
  return {
    url,
    env,
    data,
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
      rmSync(home, { recursive: true, force: true })
    },
  }
}
