import { execFileSync, spawn } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Run } from '../proof.ts'

/** A process that the lab started, and may therefore stop. */
export interface Process {
  name: string
  pid: number
  /** All it printed. */
  log: string
  alive(): boolean
  signal(signal: NodeJS.Signals): void
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Waits for the end; the exit code, null after a signal. */
  ended(): Promise<number | null>
  output(): string
  /** What it printed on standard output alone. */
  stdout(): string
  /** Resident memory in MB; 0 once it has ended. */
  rssMb(): number
}

const statusOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}

/** Resident memory of any process in MB. */
export function rssMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(statusOf(pid))?.[1]
  if (kb) return Number(kb) / 1024
  try {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024
  } catch {
    return 0
  }
}

/** Processes whose parent is this one, with their command lines. */
export function childrenOf(pid: number): { pid: number; command: string }[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
  return table
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null && Number(match[2]) === pid)
    .map((match) => ({ pid: Number(match![1]), command: match![3]! }))
}

let started = 0
const living = new Set<number>()
process.once('exit', () => {
  // A run that crashed must leave nothing behind.
  for (const pid of living) process.kill(pid, 'SIGKILL')
})

/** Starts a process, its output in a file of the run's folder; it is killed at the end of the run if it still lives. */
export function startProcess(run: Run, name: string, command: string, args: string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): Process {
  const log = join(run.dir, `${name}-${++started}.log`)
  const sink = createWriteStream(log)
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env }, cwd: options.cwd })
  const printed: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => void printed.push(chunk))
  child.stdout.pipe(sink)
  child.stderr.pipe(sink)
  if (child.pid) living.add(child.pid)
  child.once('exit', () => living.delete(child.pid!))
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const alive = (): boolean => child.exitCode === null && child.signalCode === null && child.pid !== undefined
  const handle: Process = {
    name,
    pid: child.pid ?? 0,
    log,
    alive,
    signal(signal) {
      if (alive()) child.kill(signal)
    },
    async stop(signal = 'SIGKILL') {
      if (alive()) child.kill(signal)
      await ended
    },
    async ended() {
      await ended
      return child.exitCode
    },
    output: () => readFileSync(log, 'utf8'),
    stdout: () => Buffer.concat(printed).toString('utf8'),
    rssMb: () => (alive() ? rssMb(child.pid!) : 0),
  }
  run.defer(async () => {
    if (!alive()) return
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 8_000)
    await ended
    clearTimeout(timer)
  })
  return handle
}
