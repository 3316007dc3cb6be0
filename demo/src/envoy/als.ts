import { spiffeOf } from '../bank/index.ts'
import type { Logged, LoggedHttp, Socket } from '../traffic/index.ts'
import { writeNode, writeStruct } from './node.ts'
import type { ProtoWriter } from './proto.ts'

const methods = ['', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']
/** Field numbers of envoy.data.accesslog.v3.ResponseFlags by Envoy's short names. */
const flagFields: Readonly<Record<string, number>> = { UH: 2, UT: 3, LR: 4, UR: 5, UF: 6, UC: 7, UO: 8, NR: 9, RL: 12, DC: 15, URX: 16 }
const accessLogTypes = { tcp: 3, http: 6 }
const tls13 = 4
const aes256gcm = 0x1302
const rbacFilter = 'envoy.filters.http.rbac'
/** Bytes of a request's or answer's headers beside what is counted one by one. */
const headerBase = 240

/** Writes StreamAccessLogsMessage: who speaks (first message of a stream only) and entries of one kind. */
export function writeMessage(out: ProtoWriter, identify: boolean, entries: readonly Logged[]): void {
  const first = entries[0]!
  if (identify) {
    out.message(1, () => {
      writeNode(out, 1, first.pod)
      out.string(2, first.tcp ? 'tcp_envoy_accesslog' : 'http_envoy_accesslog')
    })
  }
  out.message(first.tcp ? 3 : 2, () => {
    for (const entry of entries) out.message(1, () => writeEntry(out, entry))
  })
}

function writeEntry(out: ProtoWriter, entry: Logged): void {
  out.message(1, () => writeCommon(out, entry))
  const { http } = entry
  if (!http || entry.tcp) {
    out.message(2, () => {
      out.uint(1, entry.reqBytes)
      out.uint(2, entry.respBytes)
    })
    return
  }
  out.uint(2, http.version === 2 ? 3 : 2)
  const headers = headerBase + http.path.length + http.userAgent.length
  out.message(3, () => {
    out.uint(1, methods.indexOf(http.method))
    out.string(2, http.scheme)
    out.string(3, http.host)
    out.string(5, http.path)
    out.string(6, http.userAgent)
    out.string(8, http.forwardedFor)
    out.string(9, http.requestId)
    out.uint(11, headers)
    out.uint(12, entry.reqBytes)
    writeHeaders(out, 13, requestHeaders(http))
    if (entry.upstreamRemote) out.uint(14, headers + 70)
    out.uint(15, headers)
  })
  out.message(4, () => {
    if (http.status > 0) out.message(1, () => out.uint(1, http.status))
    out.uint(2, http.status > 0 ? 130 : 0)
    out.uint(3, entry.respBytes)
    if (http.grpcStatus >= 0) writeHeaders(out, 5, { 'grpc-status': String(http.grpcStatus) })
    out.string(6, http.details)
  })
}

function requestHeaders(http: LoggedHttp): Record<string, string> {
  return http.contentType ? { traceparent: http.traceparent, 'content-type': http.contentType } : { traceparent: http.traceparent }
}

function writeCommon(out: ProtoWriter, entry: Logged): void {
  writeSocket(out, 2, entry.remote)
  writeSocket(out, 3, entry.local)
  const { tls, rbac, phases, http } = entry
  if (tls) {
    out.message(4, () => {
      out.uint(1, tls13)
      out.message(2, () => out.uint(1, aes256gcm))
      out.string(3, tls.sni)
      if (tls.local) writeCertificate(out, 4, tls.local)
      if (tls.peer) writeCertificate(out, 5, tls.peer)
    })
  }
  writeTime(out, 5, entry.startUs)
  phases.forEach((us, i) => {
    if (us > 0) writeTime(out, 6 + i, us)
  })
  if (entry.upstreamRemote) writeSocket(out, 13, entry.upstreamRemote)
  if (entry.upstreamLocal) writeSocket(out, 14, entry.upstreamLocal)
  out.string(15, entry.upstreamCluster)
  if (entry.flags.length > 0) {
    out.message(16, () => {
      for (const flag of entry.flags) out.bool(flagFields[flag]!, true)
    })
  }
  if (rbac) {
    out.message(17, () => {
      out.message(1, () => {
        out.string(1, rbacFilter)
        out.message(2, () => writeStruct(out, rbacFields(rbac)))
      })
    })
  }
  out.string(18, entry.failure)
  out.string(19, entry.route)
  writeSocket(out, 20, entry.direct)
  // The custom tags that docs/collect.md asks for: the log service has no field for the far side's certificate.
  if (entry.upstreamPeer) writeHeaders(out, 22, { 'panoptes.upstream.peer': entry.upstreamPeer, 'panoptes.upstream.local': spiffeOf(entry.pod) })
  writeTime(out, 23, entry.durationUs)
  out.uint(24, entry.attempts)
  out.string(25, entry.termination)
  if (http) out.string(26, http.requestId)
  const wire = entry.tcp ? 0 : headerBase
  out.uint(29, entry.respBytes + (http?.status ? wire : 0))
  out.uint(30, entry.reqBytes + wire)
  if (entry.upstreamLocal) {
    out.uint(31, entry.reqBytes + wire)
    out.uint(32, entry.respBytes + (http?.status ? wire : 0))
  }
  out.uint(33, entry.tcp ? accessLogTypes.tcp : accessLogTypes.http)
}

/** Timestamp and Duration look alike: seconds and nanoseconds. */
function writeTime(out: ProtoWriter, field: number, us: number): void {
  out.message(field, () => {
    out.uint(1, Math.floor(us / 1_000_000))
    out.uint(2, (us % 1_000_000) * 1000)
  })
}

function writeSocket(out: ProtoWriter, field: number, socket: Socket): void {
  out.message(field, () => {
    out.message(1, () => {
      out.string(2, socket.ip)
      out.uint(3, socket.port)
    })
  })
}

function writeCertificate(out: ProtoWriter, field: number, spiffe: string): void {
  out.message(field, () => out.message(1, () => out.string(1, spiffe)))
}

function writeHeaders(out: ProtoWriter, field: number, headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) {
    out.message(field, () => {
      out.string(1, name)
      out.string(2, value)
    })
  }
}

function rbacFields(rbac: NonNullable<Logged['rbac']>): Record<string, string> {
  const fields = {
    enforced_engine_result: rbac.decision,
    enforced_effective_policy_id: rbac.policy,
    shadow_engine_result: rbac.shadowDecision,
    shadow_effective_policy_id: rbac.shadowPolicy,
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))
}
