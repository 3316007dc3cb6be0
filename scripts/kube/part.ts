import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** As many free ports of 127.0.0.1 as asked for; held until all are known, so they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

/** One program of a control plane: started, killed and started again with the same arguments. */
export class Part {
  readonly name: string
  private readonly command: readonly string[]
  private readonly log: string
  private child: ChildProcess | undefined
  private guard: ChildProcess | undefined

  constructor(name: string, command: readonly string[], log: string) {
    this.name = name
    this.command = command
    this.log = log
  }

  start(): void {
    const out = openSync(this.log, 'a')
    const child = spawn(this.command[0]!, this.command.slice(1), { stdio: ['ignore', out, out] })
    closeSync(out)
    this.child = child
    // Its input closes when we die, however we die: no control plane is left behind by a test run that was killed, with its whole group or alone.
    const guard = spawn('sh', ['-c', 'trap "" TERM INT HUP; cat >/dev/null; kill -9 "$1" 2>/dev/null', 'sh', String(child.pid)], {
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    this.guard = guard
    child.on('exit', () => guard.kill('SIGKILL'))
    child.unref()
    guard.unref()
  }

  get pid(): number | undefined {
    return this.running ? this.child?.pid : undefined
  }

  get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null
  }

  /** Sends a signal and waits for the end, unless it is one that a process survives. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.child
    if (!child || !this.running) return
    const ended = new Promise((done) => child.once('exit', done))
    child.kill(signal)
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') return
    child.ref()
    await ended
    this.guard?.kill('SIGKILL')
  }

  /** What it has used since its start; Linux only, else undefined. */
  usage(): { cpuSeconds: number; rssBytes: number } | undefined {
    try {
      const after = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
      const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]
      return { cpuSeconds: (Number(after[11]) + Number(after[12])) / 100, rssBytes: Number(rss) * 1024 }
    } catch {
      return undefined
    }
  }

  lastWords(): string {
    return `${this.name}: ${readFileSync(this.log, 'utf8').split('\n').slice(-12).join('\n')}`
  }
}
