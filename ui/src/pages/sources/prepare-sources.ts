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
  return `npx panoptes controller run --name ${cluster} --server ${server} --token ${token}`
}

/** Istio: a provider in the mesh's configuration, and a Telemetry resource that uses it everywhere. */
export function istioConfiguration(service: string): string {
  return `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
spec:
  meshConfig:
    extensionProviders:
    - name: panoptes
      envoyHttpAls:
        service: ${service}
        port: 4320
    - name: panoptes-tcp
      envoyTcpAls:
        service: ${service}
        port: 4320
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata:
  name: panoptes
  namespace: istio-system
spec:
  accessLogging:
  - providers:
    - name: panoptes
    - name: panoptes-tcp`
}

/** A plain Envoy: the access log of one HTTP connection manager, and the cluster it is sent to. */
export function envoyConfiguration(address: string, port: number): string {
  return `# in the HTTP connection manager (TCP proxy: envoy.access_loggers.tcp_grpc)
access_log:
- name: envoy.access_loggers.http_grpc
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig
    common_config:
      log_name: panoptes
      transport_api_version: V3
      buffer_flush_interval: 0.2s
      grpc_service:
        envoy_grpc: { cluster_name: panoptes }
---
# in static_resources
clusters:
- name: panoptes
  type: STRICT_DNS
  http2_protocol_options: {}
  load_assignment:
    cluster_name: panoptes
    endpoints:
    - lb_endpoints:
      - endpoint:
          address: { socket_address: { address: ${address}, port_value: ${port} } }`
}
