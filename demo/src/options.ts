import { parseArgs } from 'node:util'
import { DemoHandOver, demoClusters, demoHandOverVariable } from '@panoptes/contract'
import type { Cluster } from './bank/index.ts'

export const help = `Usage: node demo/src/main.ts --server URL --data DIR [options]

The demo bank: about thirty workloads in two clusters that do not exist, with the traffic of a working day. It starts one
Panoptes controller per cluster and speaks to it as real Envoys do.

  --server URL    address of the Panoptes server
  --data DIR      folder for the controllers' keys and spools, and for what was told already
  --token CLUSTER=TOKEN
                  enrolment token of a cluster (${demoClusters.join(', ')}); needed at the first start only.
                  The server hands them over in the environment (${demoHandOverVariable})
  --als CLUSTER=HOST:PORT
                  do not start a controller for this cluster, speak to the one that listens there
  --rate N        log entries per second at the busiest hour, both clusters together (45)
  --seed N        another seed is another bank: names, people, mishaps (1)
  --once          end when the present is reached
  --help          this text
`

export interface Options {
  server: string
  directory: string
  tokens: ReadonlyMap<Cluster, string>
  /** Collectors that are there already. */
  collectors: ReadonlyMap<Cluster, string>
  rate: number
  seed: number
  once: boolean
}

/** The command line is wrong: exit code 2. */
export class Usage extends Error {}

/** Reads the command line and the hand-over; undefined where only the help was asked for. Throws Usage. */
export function readOptions(args: readonly string[], environment: NodeJS.ProcessEnv): Options | undefined {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      server: text,
      data: text,
      token: { ...text, multiple: true },
      als: { ...text, multiple: true },
      rate: { ...text, default: '45' },
      seed: { ...text, default: '1' },
      once: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const tokens = byCluster(values.token ?? [], 'token')
  const handOver = environment[demoHandOverVariable]
  if (handOver) for (const { cluster, token } of DemoHandOver.parse(JSON.parse(handOver)).enrolments) if (isCluster(cluster)) tokens.set(cluster, token)
  const collectors = byCluster(values.als ?? [], 'als')
  if (!values.data || (!values.server && collectors.size < demoClusters.length)) throw new Usage('--server and --data are needed')
  const rate = Number(values.rate)
  const seed = Number(values.seed)
  if (!(rate > 0 && rate <= 2_000)) throw new Usage(`--rate must be a number up to 2000, not ${values.rate}`)
  if (!Number.isSafeInteger(seed)) throw new Usage(`--seed must be a whole number, not ${values.seed}`)
  return { server: values.server ?? '', directory: values.data, tokens, collectors, rate, seed, once: values.once }
}

function byCluster(pairs: readonly string[], option: string): Map<Cluster, string> {
  const found = new Map<Cluster, string>()
  for (const pair of pairs) {
    const [cluster = '', ...rest] = pair.split('=')
    if (!isCluster(cluster) || rest.length === 0) throw new Usage(`--${option} must be CLUSTER=…, with ${demoClusters.join(' or ')}`)
    found.set(cluster, rest.join('='))
  }
  return found
}

function isCluster(name: string): name is Cluster {
  return (demoClusters as readonly string[]).includes(name)
}
