import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, errorCatalogue, PanoptesError } from '@panoptes/contract'

const program = fileURLToPath(new URL('../../../controller/src/main.ts', import.meta.url))
const memory = ['--max-old-space-size=384', '--max-semi-space-size=4']

/** What a controller process is given of our environment: none of our secrets. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TZ, TMPDIR } = process.env
  return { PATH, HOME, TZ, TMPDIR }
}

/** Starts a controller as a process of its own. The kubeconfig goes through its standard input and an enrolment token through its environment: no file or argument holds either. */
export function spawnController(args: readonly string[], kubeconfig: string, token?: string): ChildProcess {
  const child = spawn(process.execPath, [...memory, program, '--kubeconfig', '-', ...args], {
    env: { ...environment(), ...(token ? { PANOPTES_TOKEN: token } : {}) },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(kubeconfig)
  return child
}

/** What a controller saw through a kubeconfig. */
export interface Seen {
  server: string
  uid: string
  version: string
  orchestration: string
  missing: string[]
}

/**
 * Has a controller process look through a kubeconfig and end. It is read there and not here: what a stranger wrote is parsed in a process that holds
 * no secret of ours. Throws PAN0501 (refused, with the reason), PAN0503 (not reachable), PAN0504 (not let in).
 */
export async function lookThrough(kubeconfig: string, context: string | undefined): Promise<Seen> {
  const child = spawnController(['--look', ...(context === undefined ? [] : [`--context=${context}`])], kubeconfig)
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
  let out = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr?.resume()
  await new Promise<void>((done) => child.once('close', () => done()))
  clearTimeout(timer)
  const silent = child.signalCode ? 'no answer within 30 s' : 'the process that looked ended without an answer'
  const said = (out.startsWith('{') ? JSON.parse(out) : { code: 'PAN0503', detail: silent }) as Seen & { code?: string; detail?: string }
  if (said.code === undefined) return said
  throw new PanoptesError(errorCatalogue.has(said.code as ErrorCode) ? (said.code as ErrorCode) : 'PAN0503', said.detail ?? '')
}
