import type { Source } from '@panoptes/contract'
import type { Tone } from '../../parts/index.ts'

export type { Source }

export function sourceTone(state: Source['state']): Tone {
  return state === 'live' ? 'ok' : state === 'failing' ? 'bad' : state === 'silent' ? 'warn' : 'none'
}

/** What a source is called: its pod, else the proxy's own id, else the controller that nobody has spoken to. */
export function sourceTitle(source: Source): string {
  return source.pod || source.proxy || `${source.controller} (no proxy yet)`
}

/** Messages and entries of a source that could not be read. */
export function errorCount(source: Source): number {
  return Object.values(source.errors).reduce((sum, n) => sum + n, 0)
}

/** How to start a controller of its own beside plain Envoys. */
export function controllerCommand(server: string, cluster: string, token: string): string {
  return `npx panoptes controller run --name ${cluster} --server ${server} --token ${token} --als 127.0.0.1:4320`
}

/** Istio: two providers in the mesh's configuration, the proxies' own counters, and a Telemetry resource that uses it everywhere. */
export function istioConfiguration(service: string): string {
  return `# mesh configuration (meshConfig)
extensionProviders:
- name: panoptes-http
  envoyHttpAls:
    service: ${service}
    port: 4320
    logName: panoptes
    additionalRequestHeadersToLog: [traceparent, content-type]
    additionalResponseHeadersToLog: [content-type, grpc-status]
    additionalResponseTrailersToLog: [grpc-status]
- name: panoptes-tcp
  envoyTcpAls:
    service: ${service}
    port: 4320
    logName: panoptes
defaultConfig:
  envoyMetricsService: {address: "${service}:4320"}
  proxyStatsMatcher:
    inclusionPrefixes: [access_logs.]
    inclusionRegexps:
    - ^http\\..*\\.downstream_rq_(total|active)$
    - ^http\\..*\\.downstream_cx_active$
    - ^tcp\\..*\\.downstream_cx_total$
    - ^listener\\..*\\.downstream_cx_active$
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: panoptes, namespace: istio-system}
spec:
  accessLogging:
  - providers: [{name: panoptes-http}, {name: panoptes-tcp}]`
}

/** A plain Envoy: its counters, the access log of an HTTP connection manager, and the cluster both are sent to. */
export function envoyConfiguration(address: string, port: number): string {
  return `stats_flush_interval: 5s
stats_sinks:
- name: envoy.stat_sinks.metrics_service
  typed_config:
    "@type": type.googleapis.com/envoy.config.metrics.v3.MetricsServiceConfig
    transport_api_version: V3
    grpc_service: {envoy_grpc: {cluster_name: panoptes}}
---
# in the HttpConnectionManager (TCP: TcpGrpcAccessLogConfig in the TcpProxy)
access_log:
- name: panoptes
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig
    additional_request_headers_to_log: [traceparent, content-type]
    additional_response_headers_to_log: [content-type, grpc-status]
    additional_response_trailers_to_log: [grpc-status]
    common_config:
      log_name: panoptes
      transport_api_version: V3
      buffer_flush_interval: 0.2s
      buffer_size_bytes: 16777216
      grpc_stream_retry_policy: {num_retries: 50}
      grpc_service: {envoy_grpc: {cluster_name: panoptes}}
---
# in static_resources
clusters:
- name: panoptes
  type: STRICT_DNS
  connect_timeout: 1s
  common_lb_config: {healthy_panic_threshold: {value: 0}}
  health_checks: [{timeout: 1s, interval: 0.5s, unhealthy_threshold: 1, healthy_threshold: 1, tcp_health_check: {}}]
  typed_extension_protocol_options:
    envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
      "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
      explicit_http_config: {http2_protocol_options: {}}
  load_assignment:
    cluster_name: panoptes
    endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: ${address}, port_value: ${port}}}}}]}]`
}
