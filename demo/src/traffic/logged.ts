import type { Pod } from '../bank/index.ts'

export interface Socket {
  ip: string
  port: number
}

/** What one proxy knows about one access when it ends: the content of its log entry. Times are µs since 1970. */
export interface Logged {
  pod: Pod
  tcp: boolean
  /** Inbound or outbound listener of the proxy, for its counters. */
  side: 'inbound' | 'outbound'
  startUs: number
  durationUs: number
  /** Last byte in, first and last up, first and last from up, first and last down, in µs after the start; 0 = did not happen. */
  phases: readonly number[]
  remote: Socket
  local: Socket
  direct: Socket
  upstreamRemote?: Socket
  upstreamLocal?: Socket
  upstreamCluster: string
  route: string
  tls?: { sni: string; local: string; peer: string }
  /** SPIFFE id of the other side of the upstream connection, where that is mTLS. */
  upstreamPeer?: string
  /** Envoy's short names, as UF. */
  flags: readonly string[]
  rbac?: { policy: string; decision: string; shadowPolicy: string; shadowDecision: string }
  attempts: number
  failure: string
  termination: string
  http?: LoggedHttp
  /** Bodies; of a TCP connection all that came and went. */
  reqBytes: number
  respBytes: number
}

export interface LoggedHttp {
  version: 1 | 2
  method: string
  scheme: string
  host: string
  path: string
  userAgent: string
  forwardedFor: string
  requestId: string
  traceparent: string
  contentType: string
  /** 0 = no answer was sent. */
  status: number
  /** -1 = not gRPC. */
  grpcStatus: number
  details: string
}

export const endOf = (entry: Logged): number => entry.startUs + entry.durationUs
