import type { Interner } from '../batch/index.ts'

export const methodNames = ['', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const
export const versionNames = ['', 'http/1.0', 'http/1.1', 'http/2', 'http/3'] as const
export const tlsNames = ['', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const
export const kindNames = [
  'NotSet',
  'TcpUpstreamConnected',
  'TcpPeriodic',
  'TcpConnectionEnd',
  'DownstreamStart',
  'DownstreamPeriodic',
  'DownstreamEnd',
  'UpstreamPoolReady',
  'UpstreamPeriodic',
  'UpstreamEnd',
  'DownstreamTunnelSuccessfullyEstablished',
  'UdpTunnelUpstreamConnected',
  'UdpPeriodic',
  'UdpSessionEnd',
] as const

/** Envoy's short names of response flags, by field number of ResponseFlags; the order is the one in which Envoy prints them. */
const flagNames = [
  '',
  'LH',
  'UH',
  'UT',
  'LR',
  'UR',
  'UF',
  'UC',
  'UO',
  'NR',
  'DI',
  'FI',
  'RL',
  'UAEX',
  'RLSE',
  'DC',
  'URX',
  'SI',
  'IH',
  'DPE',
  'UMSDR',
  'RFCF',
  'NFCF',
  'DT',
  'UPE',
  'NC',
  'OM',
  'DF',
  'DR',
] as const

/** IANA names of the cipher suites that Envoy negotiates; others appear as `0x1234`. */
const ciphers: Record<number, string> = {
  4865: 'TLS_AES_128_GCM_SHA256',
  4866: 'TLS_AES_256_GCM_SHA384',
  4867: 'TLS_CHACHA20_POLY1305_SHA256',
  49195: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  49196: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  49199: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  49200: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  52392: 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  52393: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
  49161: 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
  49162: 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
  49171: 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
  49172: 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
  47: 'TLS_RSA_WITH_AES_128_CBC_SHA',
  53: 'TLS_RSA_WITH_AES_256_CBC_SHA',
  156: 'TLS_RSA_WITH_AES_128_GCM_SHA256',
  157: 'TLS_RSA_WITH_AES_256_GCM_SHA384',
}

export function cipherName(suite: number): string {
  return ciphers[suite] ?? `0x${suite.toString(16).padStart(4, '0')}`
}

/** OpenSSL's names of the suites before TLS 1.3, as Envoy's log formats write them. */
const openssl: Record<string, number> = {
  'ECDHE-ECDSA-AES128-GCM-SHA256': 49195,
  'ECDHE-ECDSA-AES256-GCM-SHA384': 49196,
  'ECDHE-RSA-AES128-GCM-SHA256': 49199,
  'ECDHE-RSA-AES256-GCM-SHA384': 49200,
  'ECDHE-RSA-CHACHA20-POLY1305': 52392,
  'ECDHE-ECDSA-CHACHA20-POLY1305': 52393,
  'ECDHE-ECDSA-AES128-SHA': 49161,
  'ECDHE-ECDSA-AES256-SHA': 49162,
  'ECDHE-RSA-AES128-SHA': 49171,
  'ECDHE-RSA-AES256-SHA': 49172,
  'AES128-SHA': 47,
  'AES256-SHA': 53,
  'AES128-GCM-SHA256': 156,
  'AES256-GCM-SHA384': 157,
}

/** The IANA name of a suite that may be given by OpenSSL's. */
export function ianaCipher(name: string): string {
  const suite = Object.hasOwn(openssl, name) ? openssl[name] : undefined
  return suite === undefined ? name : cipherName(suite)
}

export function flagText(bits: number, unauthorized: boolean): string {
  return flagNames.filter((_, i) => i > 0 && (i === 13 ? unauthorized : (bits >> i) & 1)).join(',')
}

/** Ids of the words that the record uses by itself; void once the interner is cleared, so ask again (`vocabulary`). */
export interface Words {
  generation: number
  methods: number[]
  versions: number[]
  tls: number[]
  kinds: number[]
  client: number
  server: number
  unknown: number
  grpc: number
  tcp: number
  contentType: number
  grpcStatus: number
  traceparent: number
  b3TraceId: number
  b3SpanId: number
  upstreamPeer: number
  upstreamLocal: number
  flags: Map<number, number>
  ciphers: Map<number, number>
  /** Whether an upstream cluster is inbound (1), outbound (2) or neither (0). */
  directions: Map<number, number>
  /** Whether a SPIFFE id is one. */
  spiffes: Map<number, boolean>
}

export function readWords(interner: Interner): Words {
  return {
    generation: interner.generation,
    methods: methodNames.map((n) => interner.of(n)),
    versions: versionNames.map((n) => interner.of(n)),
    tls: tlsNames.map((n) => interner.of(n)),
    kinds: kindNames.map((n) => interner.of(n)),
    client: interner.of('client'),
    server: interner.of('server'),
    unknown: interner.of('unknown'),
    grpc: interner.of('grpc'),
    tcp: interner.of('tcp'),
    contentType: interner.of('content-type'),
    grpcStatus: interner.of('grpc-status'),
    traceparent: interner.of('traceparent'),
    b3TraceId: interner.of('x-b3-traceid'),
    b3SpanId: interner.of('x-b3-spanid'),
    upstreamPeer: interner.of('panoptes.upstream.peer'),
    upstreamLocal: interner.of('panoptes.upstream.local'),
    flags: new Map(),
    ciphers: new Map(),
    directions: new Map(),
    spiffes: new Map(),
  }
}
