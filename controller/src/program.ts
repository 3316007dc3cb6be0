import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type PermissionRole, permissionRoles } from '@panoptes/contract/ingest'
import { pino } from 'pino'
import { type AdmissionListen, type ControllerOptions, defaultOptions, type HostPort } from './options.ts'
import { inClusterAccess, parseKubeconfig } from './watch/index.ts'

const help = `Usage: panoptes-controller --name NAME --server URL [options]

Stands beside Envoys: takes their telemetry, keeps it on disk until the server has it.

  --name NAME              name of this controller in the server's list
  --server URL             address of the Panoptes server
  --token TOKEN            enrolment token; needed at the first start only
                           (or the environment variable PANOPTES_TOKEN)
  --token-file FILE        the same from a file, which need not be there later
  --in-cluster             look at the cluster of this pod, by its service account
  --kubeconfig FILE        look at this cluster (-: from standard input); everything must be inside
  --context NAME           context of the kubeconfig (the current one)
  --lease NAMESPACE/NAME   of several replicas the one that holds this Lease watches
  --look                   say as JSON who the cluster is and what it refuses, and end
  --roles LIST             what the cluster has granted: base,secrets,admission,mesh (base)
  --admission HOST:PORT    answer the API server's reviews of pods (off)
  --admission-at WHERE     how it gets there: NAMESPACE/SERVICE, or https://HOST:PORT
  --admission-rotate TIME  from one certificate to the next (30d)
  --exclude-namespaces A,B nothing of these namespaces of the cluster is kept
  --trust-domain NAME      of Istio's identities in the cluster (cluster.local)
  --data DIR               data folder: key, spool, unreadable messages (./panoptes-controller)
  --als HOST:PORT          gRPC: access logs (ALS), metrics, OTLP logs (127.0.0.1:4320)
  --otlp-http HOST:PORT    OTLP logs over HTTP, POST /v1/logs (off)
  --status HOST:PORT       own /metrics and /healthz (off)
  --tls-cert FILE --tls-key FILE
                           take telemetry over TLS
  --tls-client-ca FILE     and ask proxies for a certificate that this authority signed
  --ca FILE                authority that signed the server's certificate
  --spool-max-bytes N      most that the spool may hold: 500M, 4G (4G)
  --spool-max-age TIME     longest that a batch may wait: 90m, 12h, 7d (7d)
  --spool-keep WHICH       what stays when the spool is full: newest or oldest (newest)
  --contradictions WHICH   telemetry of a proxy that is not who its certificate says:
                           mark its rows, or refuse them (mark)
  --keep-query             keep the values of query strings (default: a=1 is kept as a=*)
  --drain TIME             how long open streams are read after a stop was asked for (1s)
  --log-level LEVEL        trace, debug, info, warn, error (info)
  --help                   this text
`

class Usage extends Error {}

function hostPort(text: string, option: string): HostPort {
  const found = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(text)
  const port = Number(found?.[3] ?? Number.NaN)
  if (!found || !(port <= 65_535)) throw new Usage(`--${option} must be HOST:PORT, not ${text}`)
  return { host: found[1] || found[2] || '0.0.0.0', port }
}

function scaled(text: string, option: string, units: Record<string, number>): number {
  const found = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(text)
  const unit = units[found?.[2] ?? '?']
  if (!found || unit === undefined) throw new Usage(`--${option} must be a number with one of ${Object.keys(units).filter(Boolean).join(', ')}, not ${text}`)
  return Math.round(Number(found[1]) * unit)
}

function oneOf<T extends string>(value: string, option: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw new Usage(`--${option} must be ${allowed.join(' or ')}, not ${value}`)
  return found
}

const sizes = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }
const times = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Reads the command line; undefined where only the help was asked for. */
function readOptions(args: string[]): Told | undefined {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args,
    options: {
      name: text,
      server: text,
      token: text,
      'token-file': text,
      'in-cluster': { type: 'boolean' },
      kubeconfig: text,
      context: text,
      roles: text,
      look: { type: 'boolean' },
      lease: text,
      admission: text,
      'admission-at': text,
      'admission-rotate': text,
      'exclude-namespaces': text,
      'trust-domain': text,
      data: text,
      als: text,
      'otlp-http': text,
      status: text,
      'tls-cert': text,
      'tls-key': text,
      'tls-client-ca': text,
      ca: text,
      'spool-max-bytes': text,
      'spool-max-age': text,
      'spool-keep': text,
      contradictions: text,
      'keep-query': { type: 'boolean' },
      drain: text,
      'log-level': text,
      help: { type: 'boolean' },
    },
  })
  if (values.help) return undefined
  const cluster = clusterFrom(values)
  if (values.look) return { look: cluster }
  if (!values.name || !values.server) throw new Usage('--name and --server are needed')
  const keep = oneOf(values['spool-keep'] ?? defaultOptions.spoolKeep, 'spool-keep', ['newest', 'oldest'])
  const [cert, key, clientCa] = [values['tls-cert'], values['tls-key'], values['tls-client-ca']]
  if ((cert === undefined) !== (key === undefined) || (clientCa && !cert)) throw new Usage('--tls-cert and --tls-key go together, --tls-client-ca needs both')
  const level = values['log-level'] ?? 'info'
  if (!['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].includes(level)) throw new Usage(`--log-level ${level} is not known`)
  return {
    level,
    options: {
      name: values.name,
      server: values.server,
      token: values.token ?? process.env.PANOPTES_TOKEN ?? tokenFrom(values['token-file']),
      cluster: cluster && { ...cluster, access: cluster.access() },
      excludedNamespaces: values['exclude-namespaces']?.split(',').filter(Boolean),
      trustDomain: values['trust-domain'],
      data: values.data ?? 'panoptes-controller',
      als: values.als ? hostPort(values.als, 'als') : defaultOptions.als,
      otlpHttp: values['otlp-http'] ? hostPort(values['otlp-http'], 'otlp-http') : undefined,
      status: values.status ? hostPort(values.status, 'status') : undefined,
      tls: cert && key ? { cert, key, clientCa } : undefined,
      ca: values.ca,
      spoolMaxBytes: values['spool-max-bytes'] ? scaled(values['spool-max-bytes'], 'spool-max-bytes', sizes) : defaultOptions.spoolMaxBytes,
      spoolMaxAge: values['spool-max-age'] ? scaled(values['spool-max-age'], 'spool-max-age', times) : defaultOptions.spoolMaxAge,
      spoolKeep: keep,
      contradictions: oneOf(values.contradictions ?? defaultOptions.contradictions, 'contradictions', ['mark', 'refuse']),
      keepQuery: values['keep-query'] ?? false,
      drain: values.drain ? scaled(values.drain, 'drain', times) : defaultOptions.drain,
    },
  }
}

/** A token is used once: a file that is gone is no fault. */
function tokenFrom(file: string | undefined): string | undefined {
  try {
    return file === undefined ? undefined : readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}

interface ClusterFlags {
  'in-cluster'?: boolean | undefined
  kubeconfig?: string | undefined
  context?: string | undefined
  roles?: string | undefined
  lease?: string | undefined
  admission?: string | undefined
  'admission-at'?: string | undefined
  'admission-rotate'?: string | undefined
  'exclude-namespaces'?: string | undefined
}

/** How to reach the cluster that the flags name, read when it is called; undefined where they name none. */
function clusterFrom(flags: ClusterFlags) {
  const { 'in-cluster': inCluster, kubeconfig, context, roles = 'base', lease } = flags
  if (inCluster && kubeconfig) throw new Usage('--in-cluster and --kubeconfig exclude each other')
  const wanted = roles.split(',') as PermissionRole[]
  const unknown = wanted.filter((role) => !permissionRoles.includes(role))
  if (unknown.length > 0) throw new Usage(`--roles must be of ${permissionRoles.join(', ')}, not ${unknown.join(', ')}`)
  if (!inCluster && kubeconfig === undefined) return undefined
  const access = () => (inCluster ? inClusterAccess() : parseKubeconfig(readFileSync(kubeconfig === '-' ? 0 : kubeconfig!, 'utf8'), context))
  if (lease !== undefined && !/^[^/]+\/[^/]+$/.test(lease)) throw new Usage(`--lease must be NAMESPACE/NAME, not ${lease}`)
  return { access, lease, admission: admissionFrom(flags), by: inCluster ? ('pod' as const) : ('kubeconfig' as const), roles: wanted }
}

/** Where reviews are answered; undefined where the flags name no place. The namespace of the controller itself is never blocked. */
function admissionFrom({
  admission,
  'admission-at': at,
  'admission-rotate': rotate,
  'exclude-namespaces': excluded,
}: ClusterFlags): AdmissionListen | undefined {
  if (admission === undefined) return undefined
  const [, namespace, service] = /^([^/:]+)\/([^/:]+)$/.exec(at ?? '') ?? []
  const url = /^https:\/\/[^/]+$/.test(at ?? '') && URL.canParse(at!) ? at! : undefined
  if (!service && !url) throw new Usage('--admission needs --admission-at NAMESPACE/SERVICE or https://HOST:PORT')
  const own = namespace ?? process.env.POD_NAMESPACE ?? 'panoptes'
  return {
    listen: hostPort(admission, 'admission'),
    endpoint: url ? { url } : { namespace: own, service: service! },
    exempt: [own, ...(excluded?.split(',').filter(Boolean) ?? [])],
    rotateEvery: scaled(rotate ?? '30d', 'admission-rotate', times),
  }
}

/** The flags of a controller that runs, or what `--look` asks for. */
type Told = { options: ControllerOptions; level: string } | { look: ReturnType<typeof clusterFrom> }

async function main(): Promise<void> {
  const read = readOptions(process.argv.slice(2))
  if (!read) {
    process.stdout.write(help)
    return
  }
  if ('look' in read) {
    if (!read.look) throw new Usage('--look needs --kubeconfig or --in-cluster')
    const { lookOnce } = await import('./cluster/index.ts')
    process.stdout.write(`${JSON.stringify(await lookOnce(read.look.access, read.look.roles))}\n`)
    return
  }
  const log = pino({ level: read.level, base: null, timestamp: pino.stdTimeFunctions.isoTime })
  // Only here: looking at a cluster needs none of it.
  const { startController } = await import('./controller.ts')
  const controller = await startController(read.options, log)
  const stop = (): void => {
    controller.stop().then(
      () => process.exit(0),
      (error: Error) => {
        log.error({ error: error.message }, 'stop failed')
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

/** Runs what the command line says, and says on standard error what is wrong with it. */
export function run(): void {
  main().catch((error: Error & { code?: string }) => {
    const usage = error instanceof Usage || error.code?.startsWith('ERR_PARSE_ARGS')
    process.stderr.write(usage ? `${error.message}\nSee --help.\n` : `${error.message}\n`)
    process.exit(usage ? 2 : 1)
  })
}
