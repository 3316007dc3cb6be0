import type { Column, FieldClass, WireType } from './column.ts'

type Extra = Partial<Pick<Column, 'unit' | 'indexed' | 'by' | 'name'>>

const lc = 'LowCardinality(String)'
const time = "DateTime64(6, 'UTC')"
const headers = 'Map(LowCardinality(String), String)'

function column(field: string, type: WireType, cls: FieldClass, source: string, description: string, extra: Extra = {}): Column {
  return { name: field.replaceAll('.', '_'), field, type, class: cls, source, description, by: 'controller', ...extra }
}

/** The columns that say who one end of an access was. */
function end(side: 'src' | 'dst', who: string): Column[] {
  return [
    column(`${side}.cluster`, lc, 'derived', 'node metadata CLUSTER_ID of the proxy at that address, else the reporting cluster', `Cluster of the ${who}`),
    column(`${side}.namespace`, lc, 'derived', 'node metadata NAMESPACE, SPIFFE id (ns/…), or upstream cluster name', `Namespace of the ${who}`),
    column(`${side}.workload`, lc, 'derived', 'node metadata WORKLOAD_NAME of the proxy at that address', `Workload of the ${who}`),
    column(`${side}.service`, lc, 'derived', 'outbound|port|subset|host of the upstream cluster, or canonical-name label', `Service of the ${who}`),
    column(`${side}.version`, lc, 'derived', 'label version (or canonical-revision), or subset of the upstream cluster', `Version of the ${who}`),
    column(`${side}.sa`, lc, 'derived', 'SPIFFE id (sa/…), or node metadata SERVICE_ACCOUNT', `Service account of the ${who}`),
    column(`${side}.pod`, lc, 'derived', 'node metadata NAME of the proxy at that address', `Pod of the ${who}`, { indexed: true }),
    column(`${side}.pod.uid`, 'UUID', 'derived', 'node metadata POD_UID (or label), later the Kubernetes watch', `UID of the pod of the ${who}`, {
      indexed: true,
    }),
    column(`${side}.container`, lc, 'derived', 'node metadata APP_CONTAINERS when it names one, later the Kubernetes watch', `Container of the ${who}`),
    column(`${side}.node`, lc, 'derived', 'node metadata NODE_NAME, later the Kubernetes watch', `Node of the ${who}`),
    column(`${side}.ip`, 'IPv6', 'exact', 'connection between the two proxies: see docs/record.md', `IP address of the ${who}`, { indexed: true }),
    column(`${side}.port`, 'UInt16', 'exact', 'connection between the two proxies: see docs/record.md', `Port of the ${who}`),
    column(
      `${side}.spiffe`,
      lc,
      'exact',
      side === 'src'
        ? 'server side: URI SAN of the peer certificate (tls_properties); client side: tag panoptes.upstream.local, else a SPIFFE URI SAN of the local certificate, else the certificate of the telemetry stream, else node metadata'
        : 'server side: URI SAN of the local certificate (tls_properties); client side: tag panoptes.upstream.peer, else node metadata of the proxy at that address',
      `SPIFFE id of the ${who}`,
      { indexed: true },
    ),
    column(
      `${side}.by`,
      lc,
      'derived',
      'node, spiffe, cluster-name, ip, kubernetes (the pod that had the address then), provisional (the same, before all news of that time had come), ambiguous or empty',
      `How the ${who} was identified`,
    ),
  ]
}

/** Columns that the server sets from the credential, never from a batch. */
export const serverColumns: readonly Column[] = [
  column('org', lc, 'derived', 'credential', 'Organization that owns the row', { by: 'server' }),
  column('cluster', lc, 'derived', 'credential', 'Cluster whose controller reported the row', { by: 'server' }),
  column('controller', lc, 'derived', 'credential', 'Controller that reported the row', { by: 'server' }),
  column('origin', lc, 'derived', 'credential', '`user`, or `demo` for the demo bank', { by: 'server' }),
  column('received', time, 'timed', 'server clock when the batch was accepted', 'When the server received the row', { by: 'server' }),
  column('epoch', 'UInt64', 'derived', 'batch header', 'Life of the spool that numbered the batch (ms since 1970 at its creation)', { by: 'server' }),
  column('batch', 'UInt64', 'derived', 'batch header', 'Sequence number of the batch within controller, epoch and stream', { by: 'server' }),
]

/** The access: one log entry of one proxy, in the order in which a batch carries its columns. */
export const accessColumns: readonly Column[] = [
  column('row', 'UInt32', 'derived', 'place in the batch, from 0', 'Place of the row in its batch'),
  column('ts', time, 'timed', 'common_properties.start_time; the time of arrival where that is more than 400 days old or a day ahead', 'When the access began'),
  column('duration', 'UInt64', 'timed', 'common_properties.duration', 'Whole duration', { unit: 'us', name: 'duration_us' }),
  column('phase.last.rx', 'UInt64', 'timed', 'time_to_last_rx_byte', 'Until the last byte of the request was received; 0 = not reported', {
    unit: 'us',
    name: 'last_rx_us',
  }),
  column('phase.first.up.tx', 'UInt64', 'timed', 'time_to_first_upstream_tx_byte', 'Until the first byte was sent upstream; 0 = not reported', {
    unit: 'us',
    name: 'first_up_tx_us',
  }),
  column('phase.last.up.tx', 'UInt64', 'timed', 'time_to_last_upstream_tx_byte', 'Until the last byte was sent upstream; 0 = not reported', {
    unit: 'us',
    name: 'last_up_tx_us',
  }),
  column('phase.first.up.rx', 'UInt64', 'timed', 'time_to_first_upstream_rx_byte', 'Until the first byte came from upstream; 0 = not reported', {
    unit: 'us',
    name: 'first_up_rx_us',
  }),
  column('phase.last.up.rx', 'UInt64', 'timed', 'time_to_last_upstream_rx_byte', 'Until the last byte came from upstream; 0 = not reported', {
    unit: 'us',
    name: 'last_up_rx_us',
  }),
  column('phase.first.down.tx', 'UInt64', 'timed', 'time_to_first_downstream_tx_byte', 'Until the first byte was sent to the client; 0 = not reported', {
    unit: 'us',
    name: 'first_down_tx_us',
  }),
  column('phase.last.down.tx', 'UInt64', 'timed', 'time_to_last_downstream_tx_byte', 'Until the last byte was sent to the client; 0 = not reported', {
    unit: 'us',
    name: 'last_down_tx_us',
  }),
  column(
    'reporter',
    lc,
    'derived',
    'inbound|… or outbound|… upstream cluster, else node metadata PANOPTES_REPORTER, else log name, else server where the caller showed a certificate and client where it speaks from the proxy’s own address; `unknown` where none says',
    'Side that reported: client, server or unknown',
  ),
  column('source', lc, 'derived', 'receiver', 'How it arrived: als or otlp'),
  column('proxy', lc, 'exact', 'identifier.node.id', 'Proxy that reported', { indexed: true }),
  column('proxy.type', lc, 'derived', 'first part of the node id: sidecar, router, waypoint, ztunnel, else plain', 'Kind of proxy'),
  column('proxy.version', lc, 'exact', 'identifier.node.user_agent_build_version', 'Envoy version'),
  column(
    'proxy.auth',
    lc,
    'derived',
    'mtls where the telemetry stream itself carried a client certificate, contradicted where that names another namespace or account than the proxy does, else none',
    'Whether the reporting proxy proved who it is',
  ),
  column('log', lc, 'exact', 'identifier.log_name', 'Name of the access log'),
  column('kind', lc, 'exact', 'common_properties.access_log_type', 'Envoy’s access log type: DownstreamEnd, TcpConnectionEnd, DownstreamPeriodic, …'),
  column(
    'protocol',
    lc,
    'derived',
    'protocol_version; grpc where the content type (or a grpc-status) says so; tcp for TCP entries',
    'http/1.0, http/1.1, http/2, http/3, grpc or tcp',
  ),
  ...end('src', 'client'),
  ...end('dst', 'server'),
  column(
    'app.ip',
    'IPv6',
    'exact',
    'the other connection of the proxy (to or from its own application)',
    'Far address of the proxy’s other connection; :: = none',
  ),
  column('app.port', 'UInt16', 'exact', 'as app.ip', 'Far port of the proxy’s other connection'),
  column('app.local.ip', 'IPv6', 'exact', 'as app.ip, the proxy’s own end', 'Near address of the proxy’s other connection'),
  column('app.local.port', 'UInt16', 'exact', 'as app.ip, the proxy’s own end', 'Near port of the proxy’s other connection'),
  column(
    'client.ip',
    'IPv6',
    'exact',
    'downstream_remote_address (a sidecar takes it from X-Forwarded-For)',
    'Address of the original client as Envoy believes it',
  ),
  column('method', lc, 'exact', 'request.request_method', 'HTTP method'),
  column('scheme', lc, 'exact', 'request.scheme', 'URL scheme'),
  column('host', lc, 'exact', 'request.authority', 'Host header or :authority'),
  column('path', 'String', 'exact', 'request.path before “?”', 'Path of the URL', { indexed: true }),
  column('query', 'String', 'exact', 'request.path after “?”, values replaced by * unless told otherwise', 'Query string of the URL'),
  column('route', lc, 'exact', 'common_properties.route_name', 'Name of the matched route'),
  column('upstream.cluster', lc, 'exact', 'common_properties.upstream_cluster', 'Upstream cluster'),
  column('status', 'UInt16', 'exact', 'response.response_code; 0 = none was sent', 'HTTP status'),
  column('grpc.status', 'Int8', 'exact', 'grpc-status of the trailers (or headers); -1 = none', 'gRPC status'),
  column('flags', lc, 'exact', 'common_properties.response_flags as Envoy’s short names, joined by commas', 'Response flags, as UF,URX'),
  column('details', lc, 'exact', 'response.response_code_details', 'Why the response is what it is'),
  column('failure', lc, 'exact', 'common_properties.upstream_transport_failure_reason', 'Why the upstream connection failed'),
  column('termination', lc, 'exact', 'common_properties.connection_termination_details', 'Why the connection was ended'),
  column('attempts', 'UInt16', 'exact', 'common_properties.upstream_request_attempt_count', 'Upstream attempts, retries included'),
  column('req.header.bytes', 'UInt64', 'exact', 'request.request_headers_bytes', 'Bytes of the request headers', { unit: 'bytes' }),
  column('req.body.bytes', 'UInt64', 'exact', 'request.request_body_bytes; TCP: connection_properties.received_bytes', 'Bytes of the request body', {
    unit: 'bytes',
  }),
  column('resp.header.bytes', 'UInt64', 'exact', 'response.response_headers_bytes', 'Bytes of the response headers', { unit: 'bytes' }),
  column('resp.body.bytes', 'UInt64', 'exact', 'response.response_body_bytes; TCP: connection_properties.sent_bytes', 'Bytes of the response body', {
    unit: 'bytes',
  }),
  column('wire.down.rx.bytes', 'UInt64', 'exact', 'downstream_wire_bytes_received', 'Bytes from the client on the wire', { unit: 'bytes' }),
  column('wire.down.tx.bytes', 'UInt64', 'exact', 'downstream_wire_bytes_sent', 'Bytes to the client on the wire', { unit: 'bytes' }),
  column('wire.up.rx.bytes', 'UInt64', 'exact', 'upstream_wire_bytes_received', 'Bytes from upstream on the wire', { unit: 'bytes' }),
  column('wire.up.tx.bytes', 'UInt64', 'exact', 'upstream_wire_bytes_sent', 'Bytes to upstream on the wire', { unit: 'bytes' }),
  column('tls.version', lc, 'exact', 'tls_properties.tls_version', 'TLS version of the downstream connection, as TLSv1.3'),
  column('tls.cipher', lc, 'exact', 'tls_properties.tls_cipher_suite', 'Cipher suite (IANA name)'),
  column('sni', lc, 'exact', 'tls_properties.tls_sni_hostname', 'Server name asked for'),
  column(
    'mtls',
    'UInt8',
    'derived',
    '1 where both sides showed a certificate: server side, a peer certificate is present (tls_properties); client side, tag panoptes.upstream.peer names the upstream certificate',
    'Mutual TLS',
  ),
  column('request.id', 'UUID', 'exact', 'request.request_id where it is a UUID', 'x-request-id', { indexed: true }),
  column('request.id.text', 'String', 'exact', 'request.request_id where it is not a UUID', 'x-request-id that is not a UUID'),
  column('stream.id', 'UUID', 'exact', 'common_properties.stream_id where it differs from the request id', 'Envoy’s own id of the stream'),
  column('trace.id', 'UUID', 'exact', 'traceparent (or x-b3-traceid) among the logged headers', 'Trace id', { indexed: true }),
  column('span.id', 'UInt64', 'exact', 'traceparent (or x-b3-spanid) among the logged headers', 'Span id'),
  column('user.agent', lc, 'exact', 'request.user_agent', 'User agent'),
  column('forwarded.for', lc, 'exact', 'request.forwarded_for', 'X-Forwarded-For'),
  column('policy', lc, 'exact', 'filter_metadata envoy.filters.http.rbac: enforced_effective_policy_id', 'Policy that decided'),
  column('decision', lc, 'exact', 'filter_metadata envoy.filters.http.rbac: enforced_engine_result; empty = no policy asked', 'allowed or denied'),
  column('shadow.policy', lc, 'exact', 'filter_metadata envoy.filters.http.rbac: shadow_effective_policy_id', 'Dry-run policy that would have decided'),
  column(
    'shadow.decision',
    lc,
    'exact',
    'filter_metadata envoy.filters.http.rbac: shadow_engine_result',
    'What the dry run would have done: allowed or denied',
  ),
  column(
    'req.headers',
    headers,
    'exact',
    'request.request_headers (chosen by additional_request_headers_to_log), less those that became trace.id and span.id',
    'Chosen request headers',
  ),
  column('resp.headers', headers, 'exact', 'response.response_headers and trailers (chosen)', 'Chosen response headers and trailers'),
  column('tags', headers, 'exact', 'common_properties.custom_tags, less panoptes.upstream.peer and panoptes.upstream.local', 'Custom tags'),
]
