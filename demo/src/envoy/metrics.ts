import type { Pod } from '../bank/index.ts'
import { writeNode } from './node.ts'
import type { ProtoWriter } from './proto.ts'

/** Cumulative counters of one proxy, as Envoy keeps them from its start on. */
export interface Counters {
  /** Requests begun, by listener side. */
  inbound: number
  outbound: number
  /** TCP connections begun. */
  tcp: number
  /** Entries handed to the access log service, and dropped on the way there. */
  written: number
  /** When the proxy started, ms since 1970. */
  startedAt: number
}

/** Requests and connections that have begun and not ended, right now. */
export interface Active {
  inbound: number
  outbound: number
  tcp: number
}

const counter = 0
const gauge = 1

/** Writes StreamMetricsMessage: one sample of a proxy's statistics, taken at `atMs`; who speaks only in a stream's first. */
export function writeSample(out: ProtoWriter, identify: boolean, pod: Pod, counters: Counters, active: Active, atMs: number): void {
  if (identify) out.message(1, () => writeNode(out, 1, pod))
  const { gateway, port } = pod.workload
  const family = (name: string, type: number, value: number) => writeFamily(out, name, type, value, atMs)
  const inbound = gateway ? '' : `inbound_0.0.0.0_${port};`
  const outbound = gateway ? `outbound_0.0.0.0_${port};` : 'outbound_0.0.0.0_8080;'
  if (inbound) {
    family(`http.${inbound}.downstream_rq_total`, counter, counters.inbound)
    family(`http.${inbound}.downstream_rq_active`, gauge, active.inbound)
  }
  family(`http.${outbound}.downstream_rq_total`, counter, counters.outbound)
  family(`http.${outbound}.downstream_rq_active`, gauge, active.outbound)
  if (counters.tcp > 0) {
    family('tcp.InboundPassthroughCluster.downstream_cx_total', counter, counters.tcp)
    family('listener.0.0.0.0_15006.downstream_cx_active', gauge, active.tcp)
  }
  family('access_logs.grpc_access_log.logs_written', counter, counters.written)
  family('access_logs.grpc_access_log.logs_dropped', counter, 0)
  family('server.uptime', gauge, Math.floor((atMs - counters.startedAt) / 1000))
  family('server.hot_restart_epoch', gauge, 0)
}

/** io.prometheus.client.MetricFamily with one metric. */
function writeFamily(out: ProtoWriter, name: string, type: number, value: number, atMs: number): void {
  out.message(2, () => {
    out.string(1, name)
    out.uint(3, type)
    out.message(4, () => {
      out.message(type === counter ? 3 : 2, () => out.double(1, value))
      out.uint(6, atMs)
    })
  })
}
