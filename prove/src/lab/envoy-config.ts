import type { Identity } from './certs.ts'

/** A piece of an Envoy bootstrap, as JSON. */
export type Config = Record<string, unknown>

export interface Address {
  host: string
  port: number
}

const type = (name: string): Config => ({ '@type': `type.googleapis.com/${name}` })
const socketAddress = (a: Address): Config => ({ socket_address: { address: a.host, port_value: a.port } })

/** Where a proxy sends its telemetry. */
export interface Telemetry {
  /** Access log service, metrics service and OTLP gRPC. */
  als?: Address
  metrics?: Address
  otlp?: Address
  /** File for a line of JSON per access; absent = none. */
  file?: string
  /** Seconds between two samples of the counters. */
  flushS?: number
}

const requestHeaders = ['x-custom', 'traceparent', 'content-type']
/** What the access log service has no field for goes as tags, beside one of our own. */
const customTags = [
  { tag: 'panoptes.upstream.peer', value: '%UPSTREAM_PEER_URI_SAN%' },
  { tag: 'panoptes.upstream.local', value: '%UPSTREAM_LOCAL_URI_SAN%' },
  { tag: 'mesh', literal: { value: 'bank' } },
]
const responseHeaders = ['x-up', 'content-type', 'grpc-status']

/** Points of time whose distances Envoy's own file log prints in microseconds, named as the record names the phases. */
const phases = {
  last_rx: 'DS_RX_END',
  first_up_tx: 'US_TX_BEG',
  last_up_tx: 'US_TX_END',
  first_up_rx: 'US_RX_BEG',
  last_up_rx: 'US_RX_END',
  first_down_tx: 'DS_TX_BEG',
  last_down_tx: 'DS_TX_END',
}

/** The fields of a line of the file log: what the record is compared with. Durations in µs but `ms`. */
const fileFields: Record<string, string> = {
  start: '%START_TIME(%s.%9f)%',
  ms: '%DURATION%',
  ...Object.fromEntries(Object.entries(phases).map(([name, point]) => [name, `%COMMON_DURATION(DS_RX_BEG:${point}:us)%`])),
  kind: '%ACCESS_LOG_TYPE%',
  id: '%REQ(X-REQUEST-ID)%',
  stream: '%STREAM_ID%',
  method: '%REQ(:METHOD)%',
  scheme: '%REQ(:SCHEME)%',
  host: '%REQ(:AUTHORITY)%',
  path: '%REQ(:PATH)%',
  protocol: '%PROTOCOL%',
  status: '%RESPONSE_CODE%',
  details: '%RESPONSE_CODE_DETAILS%',
  flags: '%RESPONSE_FLAGS%',
  failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  termination: '%CONNECTION_TERMINATION_DETAILS%',
  attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
  route: '%ROUTE_NAME%',
  cluster: '%UPSTREAM_CLUSTER_RAW%',
  up_remote: '%UPSTREAM_REMOTE_ADDRESS%',
  up_host: '%UPSTREAM_HOST%',
  up_peer: '%UPSTREAM_PEER_URI_SAN%',
  up_local: '%UPSTREAM_LOCAL_ADDRESS%',
  down_remote: '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%',
  down_client: '%DOWNSTREAM_REMOTE_ADDRESS%',
  down_local: '%DOWNSTREAM_LOCAL_ADDRESS%',
  rx: '%BYTES_RECEIVED%',
  tx: '%BYTES_SENT%',
  down_rx: '%DOWNSTREAM_WIRE_BYTES_RECEIVED%',
  down_tx: '%DOWNSTREAM_WIRE_BYTES_SENT%',
  up_rx: '%UPSTREAM_WIRE_BYTES_RECEIVED%',
  up_tx: '%UPSTREAM_WIRE_BYTES_SENT%',
  tls: '%DOWNSTREAM_TLS_VERSION%',
  cipher: '%DOWNSTREAM_TLS_CIPHER%',
  sni: '%REQUESTED_SERVER_NAME%',
  peer: '%DOWNSTREAM_PEER_URI_SAN%',
  local: '%DOWNSTREAM_LOCAL_URI_SAN%',
  agent: '%REQ(USER-AGENT)%',
  forwarded: '%REQ(X-FORWARDED-FOR)%',
  custom: '%REQ(X-CUSTOM)%',
  traceparent: '%REQ(TRACEPARENT)%',
  req_type: '%REQ(CONTENT-TYPE)%',
  resp_type: '%RESP(CONTENT-TYPE)%',
  up_header: '%RESP(X-UP)%',
  grpc: '%TRAILER(GRPC-STATUS)%',
  grpc_header: '%RESP(GRPC-STATUS)%',
  req_header_bytes: '%REQUEST_HEADERS_BYTES%',
  resp_header_bytes: '%RESPONSE_HEADERS_BYTES%',
  rbac: '%DYNAMIC_METADATA(envoy.filters.http.rbac)%',
}

export interface AccessLogs extends Telemetry {
  kind: 'http' | 'tcp'
  /** Attributes of an OTLP log record: name to Envoy's format string. */
  otlpAttributes?: Record<string, string>
  otlpBody?: string
}

/**
 * The loggers of one filter chain: ALS with the settings that lose next to nothing (small flush interval, a buffer for an outage,
 * retried stream), OTLP, and a file. No filter: completeness needs every entry.
 */
export function accessLogs(logs: AccessLogs): Config[] {
  const kind = logs.kind === 'http' ? 'HttpGrpcAccessLogConfig' : 'TcpGrpcAccessLogConfig'
  const out: Config[] = []
  if (logs.als) {
    out.push({
      name: 'als',
      typed_config: {
        ...type(`envoy.extensions.access_loggers.grpc.v3.${kind}`),
        common_config: {
          log_name: `panoptes_${logs.kind}`,
          transport_api_version: 'V3',
          buffer_flush_interval: '0.2s',
          buffer_size_bytes: 16_777_216,
          grpc_stream_retry_policy: { num_retries: 50 },
          grpc_service: { envoy_grpc: { cluster_name: 'als' } },
          custom_tags: customTags,
        },
        ...(logs.kind === 'http'
          ? {
              additional_request_headers_to_log: requestHeaders,
              additional_response_headers_to_log: responseHeaders,
              additional_response_trailers_to_log: ['grpc-status'],
            }
          : {}),
      },
    })
  }
  if (logs.otlp) {
    const values = Object.entries(logs.otlpAttributes ?? {}).map(([key, value]) => ({ key, value: { string_value: value } }))
    out.push({
      name: 'otlp',
      typed_config: {
        ...type('envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig'),
        log_name: `panoptes_${logs.kind}`,
        stat_prefix: `${logs.kind}.`,
        grpc_service: { envoy_grpc: { cluster_name: 'otlp' } },
        buffer_flush_interval: '0.2s',
        body: { string_value: logs.otlpBody ?? '' },
        attributes: { values },
      },
    })
  }
  if (logs.file) {
    const format = { json_format: fileFields, omit_empty_values: true }
    out.push({ name: 'file', typed_config: { ...type('envoy.extensions.access_loggers.file.v3.FileAccessLog'), path: logs.file, log_format: format } })
  }
  return out
}

/** TLS with a client certificate asked for, as a sidecar's inbound listener. */
export function serverTls(identity: Identity): Config {
  return {
    name: 'tls',
    typed_config: {
      ...type('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
      require_client_certificate: true,
      common_tls_context: tlsContext(identity, ['h2', 'http/1.1']),
    },
  }
}

/** TLS with the proxy's own certificate, as a sidecar's outbound cluster. */
export function clientTls(identity: Identity, sni: string, alpn: string[] = []): Config {
  return {
    name: 'tls',
    typed_config: { ...type('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext'), sni, common_tls_context: tlsContext(identity, alpn) },
  }
}

function tlsContext(identity: Identity, alpn: string[]): Config {
  return {
    tls_params: { tls_minimum_protocol_version: 'TLSv1_2', tls_maximum_protocol_version: 'TLSv1_3' },
    alpn_protocols: alpn,
    tls_certificates: [{ certificate_chain: { filename: identity.cert }, private_key: { filename: identity.key } }],
    validation_context: { trusted_ca: { filename: identity.root } },
  }
}

export interface Cluster {
  name: string
  to: Address
  h2?: boolean
  tls?: Config
  /** Source address of its connections. */
  from?: string
  /** Checked by every connection that breaks and by health checks, as docs/collect.md says: nothing is handed to a dead receiver. */
  checked?: boolean
}

export function cluster(c: Cluster): Config {
  return {
    name: c.name,
    type: 'STATIC',
    connect_timeout: '10s',
    per_connection_buffer_limit_bytes: 1_048_576,
    ...(c.h2
      ? {
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              ...type('envoy.extensions.upstreams.http.v3.HttpProtocolOptions'),
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
        }
      : {}),
    ...(c.tls ? { transport_socket: c.tls } : {}),
    ...(c.from ? { upstream_bind_config: { source_address: { address: c.from, port_value: 0 } } } : {}),
    ...(c.checked
      ? {
          common_lb_config: { healthy_panic_threshold: { value: 0 } },
          health_checks: [{ timeout: '1s', interval: '1s', no_traffic_interval: '1s', unhealthy_threshold: 1, healthy_threshold: 1, tcp_health_check: {} }],
          outlier_detection: {
            split_external_local_origin_errors: true,
            consecutive_local_origin_failure: 1,
            enforcing_consecutive_local_origin_failure: 100,
            max_ejection_percent: 100,
            base_ejection_time: '2s',
            max_ejection_time: '2s',
            interval: '0.5s',
          },
        }
      : {}),
    load_assignment: { cluster_name: c.name, endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(c.to) } }] }] },
  }
}

export interface Listener {
  name: string
  at: Address
  tls?: Config
  /** Tell the upstream by x-envoy-attempt-count which try it sees. */
  countAttempts?: boolean
}

/** A listener with an HTTP connection manager that leaves request ids alone and takes headers up to 96 KiB. */
export function httpListener(l: Listener, logs: Config[], routes: Config[], filters: Config[] = []): Config {
  const hcm = {
    ...type('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: l.name,
    codec_type: 'AUTO',
    max_request_headers_kb: 96,
    preserve_external_request_id: true,
    request_id_extension: {
      typed_config: { ...type('envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig'), pack_trace_reason: false },
    },
    access_log: logs,
    http_filters: [...filters, { name: 'router', typed_config: type('envoy.extensions.filters.http.router.v3.Router') }],
    route_config: { name: l.name, virtual_hosts: [{ name: 'all', domains: ['*'], include_request_attempt_count: l.countAttempts ?? false, routes }] },
  }
  return listener(l, { name: 'hcm', typed_config: hcm })
}

export function tcpListener(l: Listener, logs: Config[], to: string): Config {
  const proxy = { ...type('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy'), stat_prefix: l.name, cluster: to, access_log: logs }
  return listener(l, { name: 'tcp', typed_config: proxy })
}

function listener(l: Listener, filter: Config): Config {
  return {
    name: l.name,
    address: socketAddress(l.at),
    ...(l.tls ? { listener_filters: [{ name: 'inspector', typed_config: type('envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector') }] } : {}),
    filter_chains: [{ ...(l.tls ? { transport_socket: l.tls } : {}), filters: [filter] }],
  }
}

export const rbacFilter = (rules: Config, shadow: Config): Config => ({
  name: 'envoy.filters.http.rbac',
  typed_config: { ...type('envoy.extensions.filters.http.rbac.v3.RBAC'), rules, shadow_rules: shadow },
})

/** A rate limiter that is off but where a route turns it on. */
export const rateLimitFilter: Config = {
  name: 'envoy.filters.http.local_ratelimit',
  typed_config: { ...type('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit'), stat_prefix: 'limited' },
}

/** For a route's typed_per_filter_config: one request an hour. */
export const rateLimited: Config = {
  'envoy.filters.http.local_ratelimit': {
    ...type('envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit'),
    stat_prefix: 'limited',
    token_bucket: { max_tokens: 1, tokens_per_fill: 1, fill_interval: '3600s' },
    filter_enabled: { default_value: { numerator: 100 } },
    filter_enforced: { default_value: { numerator: 100 } },
  },
}

export interface Node {
  id: string
  cluster: string
  metadata: Config
}

/** A whole bootstrap: admin, node, counters to the metrics service, listeners, clusters. */
export function bootstrap(admin: Address, node: Node, telemetry: Telemetry, listeners: Config[], clusters: Config[]): Config {
  const receivers = [
    ...(telemetry.als ? [cluster({ name: 'als', to: telemetry.als, h2: true, checked: true })] : []),
    ...(telemetry.otlp ? [cluster({ name: 'otlp', to: telemetry.otlp, h2: true, checked: true })] : []),
    ...(telemetry.metrics ? [cluster({ name: 'metrics', to: telemetry.metrics, h2: true, checked: true })] : []),
  ]
  const sink = {
    name: 'envoy.stat_sinks.metrics_service',
    typed_config: {
      ...type('envoy.config.metrics.v3.MetricsServiceConfig'),
      transport_api_version: 'V3',
      grpc_service: { envoy_grpc: { cluster_name: 'metrics' } },
    },
  }
  return {
    admin: { address: socketAddress(admin) },
    node,
    ...(telemetry.metrics ? { stats_flush_interval: `${telemetry.flushS ?? 1}s`, stats_sinks: [sink] } : {}),
    layered_runtime: { layers: [{ name: 'static', static_layer: { 'overload.global_downstream_max_connections': 50_000 } }] },
    static_resources: { listeners, clusters: [...clusters, ...receivers] },
  }
}
