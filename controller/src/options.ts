import type { PermissionRole } from '@panoptes/contract/ingest'
import type { Endpoint } from './admission/index.ts'
import type { TlsFiles } from './collect/index.ts'
import type { ClusterAccess } from './watch/index.ts'

export interface HostPort {
  host: string
  port: number
}

/** Where reviews are answered, and how the API server gets there. */
export interface AdmissionListen {
  listen: HostPort
  endpoint: Endpoint
  /** Namespaces that are never blocked, beside kube-system. */
  exempt: readonly string[]
  /** Milliseconds from one certificate to the next. */
  rotateEvery: number
}

/** Everything that can be told to a controller. */
export interface ControllerOptions {
  /** Name in the server's list of controllers. */
  name: string
  /** Base address of the server, as https://panoptes.example. */
  server: string
  /** Enrolment token; needed at the first start only. */
  token?: string
  /** Data folder: identity, spool, unreadable messages. */
  data: string
  als: HostPort
  otlpHttp?: HostPort
  /** Own /metrics and /healthz. */
  status?: HostPort
  tls?: TlsFiles
  /** The cluster that it looks at; absent: it stands beside plain Envoys. */
  cluster?: {
    access: ClusterAccess
    by: 'pod' | 'kubeconfig'
    roles: readonly PermissionRole[]
    lease?: string | undefined
    admission?: AdmissionListen | undefined
  }
  /** Of Istio's identities in that cluster; cluster.local unless told otherwise. */
  trustDomain?: string
  /** Namespaces of that cluster of which nothing is kept. */
  excludedNamespaces?: readonly string[]
  /** File with the authority that signed the server's certificate. */
  ca?: string
  spoolMaxBytes: number
  /** Milliseconds. */
  spoolMaxAge: number
  spoolKeep: 'oldest' | 'newest'
  keepQuery: boolean
  /** Whether telemetry of a proxy that is not who its certificate says is taken, and marked, or refused. */
  contradictions: 'mark' | 'refuse'
  /** Milliseconds for which open streams are read after a stop was asked for. */
  drain: number
}

export const defaultOptions = {
  als: { host: '127.0.0.1', port: 4320 },
  spoolMaxBytes: 4 * 1024 ** 3,
  spoolMaxAge: 7 * 86_400_000,
  spoolKeep: 'newest',
  keepQuery: false,
  contradictions: 'mark',
  drain: 1000,
} as const satisfies Partial<ControllerOptions>
