import { S } from '../../batch/index.ts'
import { Address, Time } from '../entry.ts'

/**
 * What becomes of an attribute's value:
 * `text` an interned column, `count` an unsigned number of 64 bits, `small` one of 16 bits, `span` microseconds,
 * `address` IP:port, the others by their name.
 */
export type Target =
  | { to: 'text' | 'count' | 'small'; at: number }
  | { to: 'span' | 'address'; index: number }
  | { to: 'milliseconds' | 'path' | 'requestId' | 'streamId' | 'protocol' | 'grpcStatus' | 'cipher' | 'traceparent' }
  | { to: 'peer' | 'local' | 'upstreamPeer' | 'upstreamLocal' | 'fingerprint' }
  | { to: 'self'; key: string }

const text = (at: number): Target => ({ to: 'text', at })
const count = (at: number): Target => ({ to: 'count', at })
const span = (index: number): Target => ({ to: 'span', index })
const address = (index: number): Target => ({ to: 'address', index })
const self = (key: string): Target => ({ to: 'self', key })

/** The attributes of our OTLP log format (docs/collect.md), by key. `req.header.*`, `resp.header.*` and `tag.*` come beside them. */
export const targets: Readonly<Record<string, Target>> = {
  duration: span(Time.duration),
  'duration.ms': { to: 'milliseconds' },
  'phase.last.rx': span(Time.lastRx),
  'phase.first.up.tx': span(Time.firstUpTx),
  'phase.last.up.tx': span(Time.lastUpTx),
  'phase.first.up.rx': span(Time.firstUpRx),
  'phase.last.up.rx': span(Time.lastUpRx),
  'phase.first.down.tx': span(Time.firstDownTx),
  'phase.last.down.tx': span(Time.lastDownTx),
  kind: text(S.kind),
  protocol: { to: 'protocol' },
  'downstream.remote': address(Address.remote),
  'downstream.direct': address(Address.direct),
  'downstream.local': address(Address.local),
  'upstream.remote': address(Address.upstreamRemote),
  'upstream.local': address(Address.upstreamLocal),
  'downstream.peer.spiffe': { to: 'peer' },
  'downstream.local.spiffe': { to: 'local' },
  'downstream.peer.fingerprint': { to: 'fingerprint' },
  'upstream.peer.spiffe': { to: 'upstreamPeer' },
  'upstream.local.spiffe': { to: 'upstreamLocal' },
  method: text(S.method),
  scheme: text(S.scheme),
  host: text(S.host),
  path: { to: 'path' },
  route: text(S.route),
  'upstream.cluster': text(S.upstreamCluster),
  status: { to: 'small', at: S.status },
  'grpc.status': { to: 'grpcStatus' },
  flags: text(S.flags),
  details: text(S.details),
  failure: text(S.failure),
  termination: text(S.termination),
  attempts: { to: 'small', at: S.attempts },
  'req.header.bytes': count(S.reqHeaderBytes),
  'req.body.bytes': count(S.reqBodyBytes),
  'resp.header.bytes': count(S.respHeaderBytes),
  'resp.body.bytes': count(S.respBodyBytes),
  'wire.down.rx.bytes': count(S.wireDownRx),
  'wire.down.tx.bytes': count(S.wireDownTx),
  'wire.up.rx.bytes': count(S.wireUpRx),
  'wire.up.tx.bytes': count(S.wireUpTx),
  'tls.version': text(S.tlsVersion),
  'tls.cipher': { to: 'cipher' },
  sni: text(S.sni),
  'request.id': { to: 'requestId' },
  'stream.id': { to: 'streamId' },
  traceparent: { to: 'traceparent' },
  'user.agent': text(S.userAgent),
  'forwarded.for': text(S.forwardedFor),
  policy: text(S.policy),
  decision: text(S.decision),
  'shadow.policy': text(S.shadowPolicy),
  'shadow.decision': text(S.shadowDecision),
  'self.cluster': self('CLUSTER_ID'),
  'self.namespace': self('NAMESPACE'),
  'self.workload': self('WORKLOAD_NAME'),
  'self.sa': self('SERVICE_ACCOUNT'),
  'self.pod': self('NAME'),
  'self.pod.uid': self('POD_UID'),
  'self.container': self('APP_CONTAINERS'),
  'self.node': self('NODE_NAME'),
  'self.ips': self('INSTANCE_IPS'),
  'self.reporter': self('PANOPTES_REPORTER'),
  'self.service': self('label:service.istio.io/canonical-name'),
  'self.version': self('label:version'),
}
