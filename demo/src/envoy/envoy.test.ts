import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { buildPlace } from '../bank/index.ts'
import { type Logged, simulate } from '../traffic/index.ts'
import { Channel, ProtoWriter, writeMessage, writeSample } from './index.ts'

/** Envoy's own definitions, read by a generated decoder: the oracle of our writer. */
const xds = join(dirname(fileURLToPath(import.meta.resolve('@grpc/grpc-js-xds'))), '..', '..', 'deps')
const folders = [
  ...['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((d) => join(xds, d)),
  dirname(fileURLToPath(import.meta.resolve('protobufjs'))),
]
const root = new protobuf.Root()
root.resolvePath = (_origin, target) => folders.map((f) => join(f, target)).find(existsSync) ?? null
root.loadSync(['envoy/service/accesslog/v3/als.proto'], { keepCase: true })
const Message = root.lookupType('envoy.service.accesslog.v3.StreamAccessLogsMessage')
const decode = (bytes: Uint8Array) => Message.toObject(Message.decode(bytes), { enums: String, longs: Number, defaults: false }) as Record<string, never>

const places = new Map((['bank-eu', 'bank-us'] as const).map((c) => [c, buildPlace(3, c)]))
const entries: Logged[] = []
for (let s = 0; s < 120; s++) simulate({ seed: 3, places, rate: 45 }, 'bank-eu', Date.UTC(2026, 10, 20, 11) / 1000 + s, 1, (e) => entries.push(e))

function written(list: Logged[], first = true): Buffer {
  const out = new ProtoWriter()
  writeMessage(out, first, list)
  return Buffer.from(out.view())
}

// biome-ignore lint/suspicious/noExplicitAny: what a generated decoder answers has no type here
const message = (list: Logged[], first = true): any => decode(written(list, first))

describe('the access log messages', () => {
  it('say who speaks as Istio’s proxies do, once', () => {
    const entry = entries.find((e) => e.pod.workload.name === 'payments-v1')!
    const { identifier } = message([entry])
    expect(identifier.node.id).toMatch(/^sidecar~10\.10\.\d+\.\d+~payments-v1-\w{10}-\w{5}\.payments~payments\.svc\.cluster\.local$/)
    const metadata = identifier.node.metadata.fields
    expect(metadata.WORKLOAD_NAME.stringValue).toBe('payments-v1')
    expect(metadata.NAMESPACE.stringValue).toBe('payments')
    expect(metadata.CLUSTER_ID.stringValue).toBe('bank-eu')
    expect(metadata.INSTANCE_IPS.stringValue).toBe(entry.pod.ip)
    expect(metadata.LABELS.structValue.fields['service.istio.io/canonical-name'].stringValue).toBe('payments')
    expect(identifier.node.user_agent_build_version.version).toEqual({ major_number: 1, minor_number: 40 })
    expect(message([entry], false).identifier).toBeUndefined()
  })

  it('carry every value of every entry', () => {
    for (const entry of entries) {
      const got = message([entry], false)
      const e = (entry.tcp ? got.tcp_logs : got.http_logs).log_entry[0]
      const c = e.common_properties
      const us = (t: { seconds?: number; nanos?: number }) => (t.seconds ?? 0) * 1e6 + (t.nanos ?? 0) / 1000
      expect(us(c.start_time)).toBe(entry.startUs)
      expect(us(c.duration)).toBe(entry.durationUs)
      expect(c.downstream_direct_remote_address.socket_address).toMatchObject({ address: entry.direct.ip, port_value: entry.direct.port })
      expect(c.upstream_remote_address?.socket_address.address).toBe(entry.upstreamRemote?.ip)
      expect(c.upstream_local_address?.socket_address.port_value).toBe(entry.upstreamLocal?.port)
      expect(c.upstream_cluster ?? '').toBe(entry.upstreamCluster)
      expect(c.tls_properties?.peer_certificate_properties?.subject_alt_name[0].uri ?? '').toBe(entry.tls?.peer ?? '')
      expect(c.metadata?.filter_metadata['envoy.filters.http.rbac'].fields.enforced_engine_result?.stringValue ?? '').toBe(entry.rbac?.decision ?? '')
      expect(Object.keys(c.response_flags ?? {}).length).toBe(entry.flags.length)
      expect(c.access_log_type).toBe(entry.tcp ? 'TcpConnectionEnd' : 'DownstreamEnd')
      if (entry.tcp) {
        expect(e.connection_properties.sent_bytes).toBe(entry.respBytes)
        continue
      }
      const http = entry.http!
      expect(e.request).toMatchObject({ request_method: http.method, path: http.path, authority: http.host, request_id: http.requestId })
      expect(e.request.request_headers.traceparent).toBe(http.traceparent)
      expect(e.response.response_code?.value ?? 0).toBe(http.status)
      expect(e.response.response_trailers?.['grpc-status']).toBe(http.grpcStatus < 0 ? undefined : String(http.grpcStatus))
      expect(e.response.response_code_details).toBe(http.details)
    }
  })
})

describe('the channel', () => {
  it('speaks gRPC: one stream per proxy, framed messages, the identity first', async () => {
    const got = new Map<number, Buffer[]>()
    const server = createServer()
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      got.set(stream.id!, [Buffer.from(String(headers[':path']))])
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      stream.on('data', (data: Buffer) => got.get(stream.id!)!.push(data))
      stream.on('end', () => stream.end())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const channel = new Channel(async () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await channel.open()
    const [one, two] = [entries[0]!, entries.find((e) => e.pod !== entries[0]!.pod)!]
    for (const entry of [one, two, one]) await channel.send('logs', entry.pod.proxy, (out, first) => writeMessage(out, first, [entry]))
    const { pod } = one
    const counters = { inbound: 5, outbound: 6, tcp: 0, written: 11, startedAt: 0 }
    await channel.send('metrics', 'm', (out, first) => writeSample(out, first, pod, counters, { inbound: 0, outbound: 1, tcp: 0 }, 60_000))
    await channel.close()
    server.close()
    const streams = [...got.values()]
    expect(streams.map(([path]) => String(path))).toEqual([
      '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs',
      '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs',
      '/envoy.service.metrics.v3.MetricsService/StreamMetrics',
    ])
    const frames = (bytes: Buffer): Buffer[] =>
      bytes.length < 5 ? [] : [bytes.subarray(5, 5 + bytes.readUInt32BE(1)), ...frames(bytes.subarray(5 + bytes.readUInt32BE(1)))]
    const messages = frames(Buffer.concat(streams[0]!.slice(1))).map(decode) as { identifier?: unknown }[]
    expect(messages.map((m) => m.identifier !== undefined)).toEqual([true, false])
  })
})
