import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { AccessBatcher, defaultBatching, Interner } from '../../batch/index.ts'
import { mutate, random, readNative } from '../../testing/index.ts'
import { ProxyRegistry } from '../enrich/index.ts'
import { AccessWriter } from '../writer.ts'
import { OtlpReceiver, otlpFromJson } from './index.ts'

const { root } = protobuf.parse(`
  syntax = "proto3";
  message KeyValue { string key = 1; AnyValue value = 2; }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
  message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped = 4; }
  message Resource { repeated KeyValue attributes = 1; uint32 dropped = 2; }
  message LogRecord { fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5; repeated KeyValue attributes = 6; uint32 dropped = 7; fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10; fixed64 observed = 11; string event = 12; }
  message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
  message Request { repeated ResourceLogs resource_logs = 1; }`)
const Request = root.lookupType('Request')
const loose = protobuf.BufferReader.prototype as unknown as { stringVerify: () => string }
loose.stringVerify = protobuf.BufferReader.prototype.string

const now = Date.UTC(2026, 10, 21, 12)
const peer = { auth: 'none', spiffe: '' } as const

function receiver() {
  const rows: Record<string, unknown>[] = []
  const interner = new Interner()
  const batcher = new AccessBatcher(
    interner,
    (raw) => rows.push(...readNative(raw.block)),
    () => now,
    { ...defaultBatching, maxDays: 1000 },
  )
  const registry = new ProxyRegistry()
  const writer = new AccessWriter(interner, batcher, registry, { keepQuery: false, now: () => now })
  const otlp = new OtlpReceiver({ interner, writer, registry, restart: () => batcher.restart(), seen: () => {} })
  return {
    otlp,
    take() {
      batcher.sealAll()
      return rows.splice(0)
    },
  }
}

const attributes = {
  duration: '18413',
  kind: 'DownstreamEnd',
  protocol: 'HTTP/2',
  'downstream.direct': '10.0.0.7:47506',
  'downstream.local': '10.0.0.8:8080',
  'upstream.remote': '127.0.0.1:80',
  'downstream.peer.spiffe': 'spiffe://cluster.local/ns/bank/sa/web,dns',
  method: 'POST',
  path: '/pay?card=1&x',
  host: 'payments',
  status: '200',
  'grpc.status': '7',
  'upstream.cluster': 'inbound|8080||',
  flags: '-',
  'req.body.bytes': '5000000000',
  'tls.version': 'TLSv1.2',
  'tls.cipher': 'ECDHE-RSA-AES128-GCM-SHA256',
  'request.id': '27765cfc-f96c-4dd8-bb72-74834ca1485f',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'req.header.x-custom': 'c1',
  'self.workload': 'payments',
  'self.version': 'v2',
  'self.service': 'payments',
}

function request(count = 1, more: Record<string, string> = {}) {
  const list = (o: Record<string, string>) => Object.entries(o).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  return {
    resourceLogs: [
      {
        resource: { attributes: list({ node_name: 'sidecar~10.0.0.8~pay-1.bank~bank.svc.cluster.local', log_name: 'otel' }) },
        scopeLogs: [{ logRecords: Array.from({ length: count }, () => ({ timeUnixNano: `${now}123456`, attributes: list({ ...attributes, ...more }) })) }],
      },
    ],
  }
}

const expected = {
  ts: BigInt(now) * 1000n + 123n,
  duration_us: 18_413n,
  reporter: 'server',
  source: 'otlp',
  proxy: 'sidecar~10.0.0.8~pay-1.bank~bank.svc.cluster.local',
  protocol: 'grpc',
  grpc_status: 7,
  src_namespace: 'bank',
  src_sa: 'web',
  src_by: 'spiffe',
  src_spiffe: 'spiffe://cluster.local/ns/bank/sa/web',
  src_ip: '0:0:0:0:0:ffff:a00:7',
  src_port: 47_506,
  dst_ip: '0:0:0:0:0:ffff:a00:8',
  dst_workload: 'payments',
  dst_namespace: 'bank',
  dst_pod: 'pay-1',
  dst_version: 'v2',
  app_port: 80,
  path: '/pay',
  query: 'card=*&x',
  flags: '',
  req_body_bytes: 5_000_000_000n,
  tls_cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  mtls: 1,
  trace_id: '0af76519-16cd-43dd-8448-eb211c80319c',
  span_id: 0xb7ad6b7169203331n,
  req_headers: { 'x-custom': 'c1' },
}

const encode = (message: object): Buffer => Buffer.from(Request.encode(Request.fromObject(message)).finish())

describe('OTLP log records', () => {
  it('fill the columns of an access', () => {
    const { otlp, take } = receiver()
    expect(otlp.message(encode(request()), peer)).toEqual({ entries: 1 })
    expect(take()[0]).toMatchObject(expected)
  })

  it('mean the same as JSON', () => {
    const { otlp, take } = receiver()
    expect(otlp.message(otlpFromJson(JSON.stringify(request(2))), peer)).toEqual({ entries: 2 })
    expect(take()).toMatchObject([expected, expected])
    expect(() => otlpFromJson('{"resourceLogs":[{"scopeLogs":5}]}')).toThrow(TypeError)
  })

  it('of TCP are known by their kind', () => {
    const { otlp, take } = receiver()
    otlp.message(encode(request(1, { kind: 'TcpConnectionEnd', protocol: '-', method: '-', status: '0', 'grpc.status': '-' })), peer)
    expect(take()[0]).toMatchObject({ protocol: 'tcp', kind: 'TcpConnectionEnd', method: '', status: 0, grpc_status: -1 })
  })

  it('are kept or refused as a generated decoder does, however they are damaged', () => {
    const next = random(4)
    const { otlp, take } = receiver()
    const clean = encode(request(2))
    let refused = 0
    for (let k = 0; k < 4000; k++) {
      const bytes = mutate(clean, next)
      let good = true
      let records = 0
      try {
        const message = Request.decode(bytes) as unknown as { resourceLogs: { scopeLogs: { logRecords: unknown[] }[] }[] }
        records = message.resourceLogs.flatMap((r) => r.scopeLogs.flatMap((s) => s.logRecords)).length
      } catch {
        good = false
      }
      const outcome = otlp.message(bytes, peer)
      const say = `mutation ${k}: ${bytes.toString('hex')}`
      expect(outcome.error === undefined, say).toBe(good)
      if (good) expect(outcome.entries, say).toBe(records)
      else refused++
      expect(take().length, say).toBe(outcome.entries)
    }
    expect(refused).toBeGreaterThan(400)
  }, 30_000)
})
