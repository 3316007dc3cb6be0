import { cipherName, flagText, kindNames, methodNames, tlsNames, versionNames } from '../collect/vocabulary.ts'
import type { OracleEntry } from './als-oracle.ts'

// biome-ignore-start lint/suspicious/noExplicitAny: messages as protobufjs gives them
type Any = any

const big = (v: Any): bigint => BigInt.asUintN(64, BigInt(v === undefined || v === null ? 0 : String(v)))
const uuidText = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const noUuid = '00000000-0000-0000-0000-000000000000'
const flagFields = [
  'failedLocalHealthcheck',
  'noHealthyUpstream',
  'upstreamRequestTimeout',
  'localReset',
  'upstreamRemoteReset',
  'upstreamConnectionFailure',
  'upstreamConnectionTermination',
  'upstreamOverflow',
  'noRouteFound',
  'delayInjected',
  'faultInjected',
  'rateLimited',
  '',
  'rateLimitServiceError',
  'downstreamConnectionTermination',
  'upstreamRetryLimitExceeded',
  'streamIdleTimeout',
  'invalidEnvoyRequestHeaders',
  'downstreamProtocolError',
  'upstreamMaxStreamDurationReached',
  'responseFromCacheFilter',
  'noFilterConfigFound',
  'durationTimeout',
  'upstreamProtocolError',
  'noClusterFound',
  'overloadManager',
  'dnsResolutionFailure',
  'downstreamRemoteReset',
]

function micros(d: Any): bigint {
  if (!d) return 0n
  const value = Math.floor(Number(String(d.seconds ?? 0)) * 1e6 + (d.nanos ?? 0) / 1000)
  return value > 0 ? BigInt(Math.min(value, Number.MAX_SAFE_INTEGER)) : 0n
}

function text(v: Any): string {
  return v ?? ''
}

/** Columns of the row that an entry must become, as far as they need no knowledge of the stream; from a generated decoder's message. */
export function expectedRow({ tcp, value }: OracleEntry): Record<string, unknown> {
  const c = value.commonProperties ?? {}
  const q = (!tcp && value.request) || {}
  const s = (!tcp && value.response) || {}
  const tls = c.tlsProperties
  const rbac = c.metadata?.filterMetadata?.['envoy.filters.http.rbac']?.fields ?? {}
  const path = text(q.path)
  const mark = path.indexOf('?')
  const flags = c.responseFlags ?? {}
  const bits = flagFields.reduce((sum, name, i) => (name !== '' && flags[name] ? sum | (1 << (i + 1)) : sum), 0)
  const uri = (cert: Any): string => cert?.subjectAltName?.find((n: Any) => n.uri)?.uri ?? ''
  const known = uuidText.test(text(q.requestId))
  const streamId = uuidText.test(text(c.streamId)) ? c.streamId.toLowerCase() : noUuid
  const expected: Record<string, unknown> = {
    duration_us: micros(c.duration),
    last_rx_us: micros(c.timeToLastRxByte),
    first_up_tx_us: micros(c.timeToFirstUpstreamTxByte),
    last_up_tx_us: micros(c.timeToLastUpstreamTxByte),
    first_up_rx_us: micros(c.timeToFirstUpstreamRxByte),
    last_up_rx_us: micros(c.timeToLastUpstreamRxByte),
    first_down_tx_us: micros(c.timeToFirstDownstreamTxByte),
    last_down_tx_us: micros(c.timeToLastDownstreamTxByte),
    kind: c.accessLogType ? (kindNames[c.accessLogType] ?? '') : '',
    method: q.requestMethod ? (methodNames[q.requestMethod] ?? '') : '',
    scheme: text(q.scheme),
    host: text(q.authority),
    path: mark < 0 ? path : path.slice(0, mark),
    query: mark < 0 ? '' : path.slice(mark + 1).replace(/=[^&]*/g, '=*'),
    route: text(c.routeName),
    upstream_cluster: text(c.upstreamCluster),
    status: Math.min(65_535, s.responseCode?.value ?? 0),
    flags: flagText(bits, flags.unauthorizedDetails?.reason === 1),
    details: text(s.responseCodeDetails),
    failure: text(c.upstreamTransportFailureReason),
    termination: text(c.connectionTerminationDetails),
    attempts: Math.min(65_535, c.upstreamRequestAttemptCount ?? 0),
    req_header_bytes: big(q.requestHeadersBytes),
    req_body_bytes: big(tcp ? value.connectionProperties?.receivedBytes : q.requestBodyBytes),
    resp_header_bytes: big(s.responseHeadersBytes),
    resp_body_bytes: big(tcp ? value.connectionProperties?.sentBytes : s.responseBodyBytes),
    wire_down_rx_bytes: big(c.downstreamWireBytesReceived),
    wire_down_tx_bytes: big(c.downstreamWireBytesSent),
    wire_up_rx_bytes: big(c.upstreamWireBytesReceived),
    wire_up_tx_bytes: big(c.upstreamWireBytesSent),
    tls_version: tls?.tlsVersion ? (tlsNames[tls.tlsVersion] ?? '') : '',
    tls_cipher: tls?.tlsCipherSuite ? cipherName(tls.tlsCipherSuite.value ?? 0) : '',
    sni: text(tls?.tlsSniHostname),
    mtls: tls?.peerCertificateProperties ? 1 : 0,
    src_spiffe: uri(tls?.peerCertificateProperties),
    request_id: known ? q.requestId.toLowerCase() : noUuid,
    request_id_text: known ? '' : text(q.requestId),
    stream_id: known && streamId === q.requestId.toLowerCase() ? noUuid : streamId,
    user_agent: text(q.userAgent),
    forwarded_for: text(q.forwardedFor),
    policy: text(rbac.enforced_effective_policy_id?.stringValue),
    decision: text(rbac.enforced_engine_result?.stringValue),
    shadow_policy: text(rbac.shadow_effective_policy_id?.stringValue),
    shadow_decision: text(rbac.shadow_engine_result?.stringValue),
    tags: { ...c.customTags },
    resp_headers: { ...s.responseHeaders, ...s.responseTrailers },
    src_port: port(c.downstreamDirectRemoteAddress),
    dst_port: port(c.downstreamLocalAddress),
  }
  if (tcp) expected.protocol = 'tcp'
  else if (!q.requestHeaders?.['content-type'] && !s.responseHeaders?.['grpc-status'] && !s.responseTrailers?.['grpc-status']) {
    expected.protocol = value.protocolVersion ? (versionNames[value.protocolVersion] ?? '') : ''
  }
  return expected
}

function port(address: Any): number {
  const value = address?.socketAddress?.portValue ?? 0
  return value > 65_535 ? 0 : value
}
// biome-ignore-end lint/suspicious/noExplicitAny: messages as protobufjs gives them
