import { execFile } from 'node:child_process'
import type { Run } from '../proof.ts'
import { startCli } from './cli.ts'
import type { Product } from './product.ts'
import { until } from './wait.ts'

/** A cluster as the public API tells of it. */
export interface ClusterAnswer {
  name: string
  state: string
  connection: string
  uid: string | null
  problems: { code: string; title: string; detail: string; hint: string }[]
  missing: { permission: string; without: string; fix: string }[]
  controllers: { id: string; name: string; state: string; leader: boolean; version: string | null }[]
  coverage: { pods: number; sidecar: number; ambient: number; uncovered: number } | null
}

export const clusterOf = (server: Product, name: string): Promise<ClusterAnswer> => server.api.get<ClusterAnswer>(`/api/v1/clusters/${name}`)

/** Waits until a cluster is as asked; throws with what it was last. */
export async function untilCluster(
  server: Product,
  name: string,
  what: string,
  seconds: number,
  ask: (cluster: ClusterAnswer) => boolean,
): Promise<ClusterAnswer> {
  let last: ClusterAnswer | undefined
  try {
    return await until(`${name} is ${what}`, seconds, async () => {
      last = await clusterOf(server, name)
      return ask(last) ? last : undefined
    })
  } catch (error) {
    throw new Error(
      `${(error as Error).message}; it is ${last?.state}: ${JSON.stringify(last?.problems)} missing ${JSON.stringify(last?.missing.map((m) => m.permission))}`,
    )
  }
}

/** Runs a command of `panoptes` to its end. */
export async function cli(run: Run, server: Product, ...args: string[]): Promise<{ code: number | null; out: string; said: string }> {
  const process = startCli(run, server, args)
  const code = await process.ended()
  return { code, out: process.stdout(), said: process.output() }
}

/** Runs a shell command as a person would paste it. */
export function shell(command: string, options: { env: Record<string, string>; cwd: string }): Promise<{ code: number; said: string }> {
  return new Promise((done) => {
    execFile('sh', ['-c', command], { cwd: options.cwd, env: { ...process.env, ...options.env }, maxBuffer: 1 << 26 }, (error, out, err) =>
      done({ code: error ? Number(error.code ?? 1) : 0, said: `${out}${err}` }),
    )
  })
}
