import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import protobuf from 'protobufjs'

const require = createRequire(import.meta.url)
const xds = join(dirname(require.resolve('@grpc/grpc-js-xds/package.json')), 'deps')
const folders = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((name) => join(xds, name))
folders.push(dirname(require.resolve('protobufjs/package.json')))

/** OpenTelemetry's logs service, as far as a receiver of access logs reads it (names and numbers are the protocol's). */
const otlpText = `
syntax = "proto3";
package otlp;
message KeyValue { string key = 1; AnyValue value = 2; }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
  ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
message LogRecord { fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5;
  repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10;
  fixed64 observed_time_unix_nano = 11; string event_name = 12; }
message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
message ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
`

/** The generated decoders that serve as oracle: Envoy's own .proto files, read by protobufjs. */
export async function loadProtos() {
  const root = new protobuf.Root()
  root.resolvePath = (_, target) => folders.map((folder) => join(folder, target)).find((path) => existsSync(path)) ?? null
  await root.load('envoy/service/accesslog/v3/als.proto')
  // One difference is wanted: invalid UTF-8 is mended (U+FFFD) and the access kept, where a strict reader drops the message.
  const loose = protobuf.BufferReader.prototype as unknown as { stringVerify: () => string }
  loose.stringVerify = protobuf.BufferReader.prototype.string
  const otlp = protobuf.parse(otlpText, { keepCase: false }).root
  return {
    als: root.lookupType('envoy.service.accesslog.v3.StreamAccessLogsMessage'),
    identifier: root.lookupType('envoy.service.accesslog.v3.StreamAccessLogsMessage.Identifier'),
    http: root.lookupType('envoy.data.accesslog.v3.HTTPAccessLogEntry'),
    tcp: root.lookupType('envoy.data.accesslog.v3.TCPAccessLogEntry'),
    otlp: otlp.lookupType('otlp.ExportLogsServiceRequest'),
    otlpResource: otlp.lookupType('otlp.Resource'),
    otlpScope: otlp.lookupType('otlp.Scope'),
    otlpRecord: otlp.lookupType('otlp.LogRecord'),
  }
}
export type Protos = Awaited<ReturnType<typeof loadProtos>>
