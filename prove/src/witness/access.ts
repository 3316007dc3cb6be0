import type { Row } from '../lab/api.ts'
import type { Sent } from '../lab/load.ts'
import type { Pair, Pod } from '../lab/pair.ts'
import type { Seen } from '../lab/upstreams.ts'
import { type FileLine, hostPort, isoUs, startUs } from './file-log.ts'

/** All that is known of one access from sources that are not the product. */
export interface Evidence {
  side: 'client' | 'server'
  source: 'als' | 'otlp'
  /** The reporting proxy's own file log. */
  line: FileLine
  /** The generator's log; absent only where the proxy made the entry up. */
  sent: Sent | undefined
  /** The application's log, of the server side. */
  seen: Seen | undefined
  self: Pod
  peer: Pod
  pair: Pair
  cluster: string
  controller: string
}

type Value = string | number | Record<string, string>
/** What a field must be: a value, several witnesses that must all agree (undefined = did not see it), or a condition. */
type Rule = (e: Evidence, row: Row) => Value | (Value | undefined)[] | boolean

const tcp = (e: Evidence): boolean => e.line.kind === 'TcpConnectionEnd'
const client = (e: Evidence): boolean => e.side === 'client'
const text = (value: unknown): string => (value === undefined || value === '-' ? '' : String(value))
const number = (value: unknown): number => (value === undefined || value === '-' ? 0 : Number(value))
const answered = (e: Evidence): Sent | undefined => (e.sent?.outcome === 'answered' ? e.sent : undefined)
/** The generator's word for fields that it alone decides; both sides log the same. */
const said = (pick: (sent: Sent) => Value, fromFile: (line: FileLine) => Value): Rule => {
  return (e) => [e.sent && !tcp(e) ? pick(e.sent) : undefined, fromFile(e.line)]
}
const file =
  (name: string): Rule =>
  (e) =>
    text(e.line[name])
const bytes =
  (name: string): Rule =>
  (e) =>
    number(e.line[name])
/** The access log service names the cluster only where one of its hosts was chosen; the text formatter always. */
const clusterOf = (e: Evidence): string => (e.source === 'als' && !e.line.up_host && !e.line.up_remote ? '' : text(e.line.cluster))
const http =
  (rule: Rule, otherwise: Value): Rule =>
  (e, row) =>
    tcp(e) ? otherwise : rule(e, row)

/** `a=1&b=2` becomes `a=*&b=*`. */
const redacted = (query: string): string => query.replace(/=[^&]*/g, '=*')
const pathOf = (url: string): string => url.split('?')[0]!
const queryOf = (url: string): string => redacted(url.split('?').slice(1).join('?'))

/** Which of the proxy's two connections is the one between the proxies, and which is to the application. */
function ends(e: Evidence): { src: [string, number]; dst: [string, number]; app: [string, number]; appLocal: [string, number] } {
  const none: [string, number] = ['', 0]
  // A connection that could not be made has a host, but no address of its own.
  const remote = e.line.up_remote ?? e.line.up_host
  const up = remote !== undefined
  const outer = client(e) && up
  const src = hostPort(outer ? e.line.up_local : e.line.down_remote)
  const dst = hostPort(outer ? remote : e.line.down_local)
  if (outer) return { src, dst, app: hostPort(e.line.down_remote), appLocal: hostPort(e.line.down_local) }
  return { src, dst, app: up ? hostPort(remote) : none, appLocal: up ? hostPort(e.line.up_local) : none }
}

/** The rule by which an end is named: its own proxy, the proxy at its address, its SPIFFE id, its cluster name. */
function who(end: 'src' | 'dst'): Record<string, Rule> {
  const own = (e: Evidence): boolean => (end === 'src') === client(e)
  const cluster = (e: Evidence): string[] => (end === 'dst' ? clusterOf(e).split('|') : [])
  const pod = (e: Evidence): Pod | undefined => {
    if (own(e)) return e.self
    const address = ends(e)[end][0]
    return [e.peer, e.self].find((candidate) => candidate.ip === address)
  }
  const service = (e: Evidence): string => cluster(e)[3]?.split('.')[0] ?? ''
  const known =
    (pick: (pod: Pod) => string): Rule =>
    (e) => {
      const found = pod(e)
      return found ? pick(found) : ''
    }
  const inside =
    (value: string): Rule =>
    (e) =>
      pod(e) || service(e) ? value : ''
  return {
    cluster: inside('east'),
    namespace: inside('bank'),
    workload: known((p) => p.app),
    service: (e) => (own(e) ? e.self.app : service(e) || (pod(e)?.app ?? '')),
    version: (e) => pod(e)?.version || (cluster(e)[2] ?? ''),
    sa: known((p) => p.sa),
    pod: known((p) => p.name),
    'pod.uid': known((p) => p.uid),
    container: known((p) => p.app),
    node: known((p) => p.nodeName),
    by: (e) => (own(e) ? 'node' : pod(e) ? 'ip' : service(e) ? 'cluster-name' : ''),
    ip: (e) => ends(e)[end][0],
    port: (e) => ends(e)[end][1],
    spiffe: (e) => {
      if (own(e)) return `spiffe://cluster.local/ns/bank/sa/${e.self.sa}`
      const found = pod(e)
      return found ? `spiffe://cluster.local/ns/bank/sa/${found.sa}` : ''
    },
  }
}

const prefixed = (prefix: string, rules: Record<string, Rule>): Record<string, Rule> =>
  Object.fromEntries(Object.entries(rules).map(([name, rule]) => [`${prefix}.${name}`, rule]))

const rbac =
  (key: string): Rule =>
  (e) =>
    text((e.line.rbac as Record<string, string> | undefined)?.[key])
const present = (values: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (text(value) === '' ? [] : [[key, text(value)]])))

/** One rule for every field that an access has; `boolean` rules are conditions on the row itself. */
export const rules: Record<string, Rule> = {
  id: (e, row) => row.id === `${e.controller}~${row.epoch}~${row.batch}~${row.row}`,
  org: (_, row) => typeof row.org === 'string' && row.org !== '',
  cluster: (e) => e.cluster,
  controller: (e) => e.controller,
  origin: () => 'user',
  received: (_, row) => isoUs(String(row.received)) >= isoUs(String(row.ts)) && isoUs(String(row.received)) <= Date.now() * 1000,
  epoch: (_, row) => Number(row.epoch) > 0,
  batch: (_, row) => Number(row.batch) > 0,
  row: (_, row) => Number(row.row) >= 0,
  ts: (e, row) => isoUs(String(row.ts)) === startUs(e.line),
  duration: (e, row) => Math.floor(Number(row.duration) / 1000) === e.line.ms,
  'phase.last.rx': http(bytes('last_rx'), 0),
  'phase.first.up.tx': bytes('first_up_tx'),
  'phase.last.up.tx': bytes('last_up_tx'),
  'phase.first.up.rx': bytes('first_up_rx'),
  'phase.last.up.rx': bytes('last_up_rx'),
  'phase.first.down.tx': bytes('first_down_tx'),
  'phase.last.down.tx': bytes('last_down_tx'),
  reporter: (e) => e.side,
  source: (e) => e.source,
  proxy: (e) => e.self.node.id,
  'proxy.type': () => 'sidecar',
  'proxy.version': (_, row) => /^1\.\d+\.\d+/.test(String(row['proxy.version'])),
  'proxy.auth': () => 'none',
  log: (e) => `panoptes_${tcp(e) ? 'tcp' : 'http'}`,
  kind: file('kind'),
  protocol: (e) => (tcp(e) ? 'tcp' : e.sent?.kind === 'grpc' ? 'grpc' : text(e.line.protocol).toLowerCase()),
  ...prefixed('src', who('src')),
  ...prefixed('dst', who('dst')),
  'app.ip': (e) => ends(e).app[0],
  'app.port': (e) => [ends(e).app[1], client(e) && ends(e).app[1] ? e.sent?.localPort || undefined : undefined],
  'app.local.ip': (e) => ends(e).appLocal[0],
  'app.local.port': (e) => [ends(e).appLocal[1], client(e) ? undefined : e.seen?.remotePort || undefined],
  'client.ip': (e) => hostPort(e.line.down_client)[0],
  method: http(
    said(
      (s) => s.method,
      (l) => text(l.method),
    ),
    '',
  ),
  scheme: http(file('scheme'), ''),
  host: http(
    said(
      (s) => s.host,
      (l) => text(l.host),
    ),
    '',
  ),
  path: http(
    said(
      (s) => pathOf(s.path),
      (l) => pathOf(text(l.path)),
    ),
    '',
  ),
  query: http(
    said(
      (s) => queryOf(s.path),
      (l) => queryOf(text(l.path)),
    ),
    '',
  ),
  route: file('route'),
  'upstream.cluster': clusterOf,
  status: http((e) => [client(e) ? answered(e)?.status : e.line.flags === '-' ? e.seen?.status || undefined : undefined, number(e.line.status)], 0),
  'grpc.status': (e) => [client(e) && !tcp(e) ? answered(e)?.grpcStatus : undefined, Number(text(e.line.grpc) || text(e.line.grpc_header) || -1)],
  flags: file('flags'),
  details: http(file('details'), ''),
  failure: file('failure'),
  termination: file('termination'),
  attempts: (e) => [number(e.line.attempts), client(e) && e.sent?.kind === 'get' ? 1 : undefined],
  'req.header.bytes': http(bytes('req_header_bytes'), 0),
  'req.body.bytes': (e) => [answered(e) && !tcp(e) && !(e.line.status === 403 || e.line.status === 429) ? e.sent!.reqBytes : undefined, number(e.line.rx)],
  'resp.header.bytes': http(bytes('resp_header_bytes'), 0),
  'resp.body.bytes': (e) => [client(e) ? answered(e)?.respBytes : undefined, number(e.line.tx)],
  'wire.down.rx.bytes': bytes('down_rx'),
  'wire.down.tx.bytes': bytes('down_tx'),
  'wire.up.rx.bytes': bytes('up_rx'),
  'wire.up.tx.bytes': bytes('up_tx'),
  'tls.version': file('tls'),
  'tls.cipher': file('cipher'),
  sni: file('sni'),
  mtls: (e) => ((client(e) ? e.line.up_peer : e.line.peer) ? 1 : 0),
  'request.id': http(
    said(
      (s) => s.id,
      (l) => text(l.id),
    ),
    '',
  ),
  'request.id.text': () => '',
  'stream.id': (e) => (text(e.line.stream) === text(e.line.id) ? '' : text(e.line.stream)),
  'trace.id': http((e) => [e.sent?.traceparent.split('-')[1], text(e.line.traceparent).split('-')[1] ?? ''], ''),
  'span.id': http((e) => [e.sent?.traceparent.split('-')[2], text(e.line.traceparent).split('-')[2] ?? ''], ''),
  'user.agent': http(
    said(
      (s) => s.agent,
      (l) => text(l.agent),
    ),
    '',
  ),
  'forwarded.for': file('forwarded'),
  policy: rbac('enforced_effective_policy_id'),
  decision: rbac('enforced_engine_result'),
  'shadow.policy': rbac('shadow_effective_policy_id'),
  'shadow.decision': rbac('shadow_engine_result'),
  'req.headers': (e) => present({ 'x-custom': e.line.custom, 'content-type': e.line.req_type }),
  'resp.headers': (e) => present({ 'content-type': e.line.resp_type, 'x-up': e.line.up_header, 'grpc-status': text(e.line.grpc) || text(e.line.grpc_header) }),
  tags: () => ({ mesh: 'bank' }),
}

/** Ways to write the same value: mapped IPv4, ids with and without dashes, span ids as numbers. */
function plain(field: string, value: unknown): string {
  if (value === undefined || value === null) return field.endsWith('headers') || field === 'tags' ? '{}' : ''
  if (typeof value === 'object') return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  const written = String(value)
  if (/\bip$/.test(field)) return written.replace(/^::ffff:/, '').replace(/^::$/, '')
  // Envoy's text formatter writes spaces as underscores, its access log service does not.
  if (field === 'failure' || field === 'termination' || field === 'details') return written.replaceAll(' ', '_')
  if (/^[0-]+$/.test(written) && /(^|\.)u?id$/.test(field)) return ''
  if (field === 'span.id') return /^\d+$/.test(written) && written.length !== 16 ? BigInt(written).toString(16).padStart(16, '0') : written.toLowerCase()
  if (field === 'trace.id') return written.replaceAll('-', '')
  return written
}

/** Everything in which a row differs from its evidence, as `field: is …, must be …`. */
export function differences(row: Row, evidence: Evidence, fields: readonly string[]): string[] {
  const out: string[] = []
  for (const field of fields) {
    const rule = rules[field]
    if (!rule) continue
    const must = rule(evidence, row)
    if (must === true) continue
    if (must === false) out.push(`${field}: is ${plain(field, row[field])}, which breaks its rule (file log: ${evidence.line.start}, ${evidence.line.ms} ms)`)
    else {
      for (const witness of Array.isArray(must) ? must : [must]) {
        if (witness !== undefined && plain(field, row[field]) !== plain(field, witness))
          out.push(`${field}: is ${plain(field, row[field])}, must be ${plain(field, witness)}`)
      }
    }
  }
  return out
}
