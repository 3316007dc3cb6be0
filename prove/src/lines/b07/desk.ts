import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join, relative } from 'node:path'
import { root } from '../../lab/product.ts'
import type { Run } from '../../proof.ts'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** A terminal with `panoptes` on its PATH, set to a server that only counts who calls: no command about certificates may. */
export interface Desk {
  run: Run
  panoptes(...args: string[]): Promise<Ran>
  /** A command as a person would paste it. */
  sh(command: string): Promise<Ran>
  /** Connections to the server so far. */
  calls(): number
  /** Everything that was printed, on either stream. */
  printed(): string
}

/** `env` beside what the desk sets; `clients` is a folder with kubectl, where one is used. */
export async function openDesk(run: Run, more: Record<string, string> = {}, clients?: string): Promise<Desk> {
  const bin = join(run.dir, 'bin')
  const home = join(run.dir, 'home')
  for (const folder of [bin, home]) mkdirSync(folder, { recursive: true })
  const program = join(bin, 'panoptes')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'cli/src/main.ts')}' "$@"\n`)
  chmodSync(program, 0o755)

  let calls = 0
  const listener = createServer((socket) => {
    calls++
    socket.destroy()
  })
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
  run.defer(() => void listener.close())
  const { port } = listener.address() as { port: number }
  const env = {
    ...process.env,
    PATH: [bin, ...(clients ? [clients] : []), process.env.PATH].join(delimiter),
    XDG_CONFIG_HOME: home,
    PANOPTES_SERVER: `http://127.0.0.1:${port}`,
    PANOPTES_TOKEN: 'nobody',
    ...more,
  }
  const said: string[] = []
  const execute = (command: string, args: string[]): Promise<Ran> =>
    new Promise((done) => {
      execFile(command, args, { cwd: run.dir, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        said.push(stdout, stderr)
        done({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr })
      })
    })
  return {
    run,
    panoptes: (...args) => execute(program, args),
    sh: (command) => execute('sh', ['-ec', command]),
    calls: () => calls,
    printed: () => said.join('\n'),
  }
}

/** For a check: what a command that failed said. */
export const whyNot = ({ code, stderr }: Ran): string | undefined => (code === 0 ? undefined : `${code}: ${stderr.trim().slice(-600)}`)

/** Runs openssl; what it printed, or undefined where it refused. */
export function openssl(...args: string[]): string | undefined {
  try {
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error
    return undefined
  }
}

/** Everything about the entries of a folder that a change would change, by path: kind, mode, owner, times, content. */
export function printOf(folder: string): Map<string, string> {
  const paths = [folder, ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))]
  return new Map(
    paths.sort().map((path) => {
      const at = lstatSync(path, { bigint: true })
      const content = at.isSymbolicLink() ? readlinkSync(path) : at.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : ''
      return [relative(folder, path) || '.', [at.mode, at.uid, at.ino, at.size, at.mtimeNs, at.ctimeNs, content].join(' ')]
    }),
  )
}

export interface Touched {
  at: string
  print: string
}

export const rowsOf = (prints: ReadonlyMap<string, string>, under = ''): Touched[] => [...prints].map(([at, print]) => ({ at: join(under, at), print }))

/** What differs between a folder before and after. */
export function changes(before: readonly Touched[], after: readonly Touched[]): string[] {
  const was = new Map(before.map((row) => [row.at, row.print]))
  const is = new Map(after.map((row) => [row.at, row.print]))
  const doubled = after.filter((row, i) => after.findIndex((other) => other.at === row.at) !== i).map((row) => `${row.at} is there twice`)
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter((at) => was.get(at) !== is.get(at))
  return [...doubled, ...changed.map((at) => `${at}: was ${was.get(at) ?? 'not there'}, is ${is.get(at) ?? 'not there'}`)]
}
