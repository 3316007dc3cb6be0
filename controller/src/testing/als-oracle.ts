import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import protobuf from 'protobufjs'

const packageDir = (name: string): string => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
const protos = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((d) => join(packageDir('@grpc/grpc-js-xds'), 'deps', d))
const roots = [...protos, packageDir('protobufjs')]

/** The generated decoder of access log messages: protobufjs over Envoy's own proto files. */
export function loadAls(): { message: protobuf.Type; identifier: protobuf.Type; http: protobuf.Type; tcp: protobuf.Type } {
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) => roots.map((r) => join(r, target)).find((p) => existsSync(p)) ?? target
  root.loadSync('envoy/service/accesslog/v3/als.proto', { keepCase: false })
  root.resolveAll()
  // invalid UTF-8 is mended, not refused: the one place where ours is kinder than a strict reader
  const loose = protobuf.BufferReader.prototype as unknown as { stringVerify: () => string }
  loose.stringVerify = protobuf.BufferReader.prototype.string
  return {
    message: root.lookupType('envoy.service.accesslog.v3.StreamAccessLogsMessage'),
    identifier: root.lookupType('envoy.service.accesslog.v3.StreamAccessLogsMessage.Identifier'),
    http: root.lookupType('envoy.data.accesslog.v3.HTTPAccessLogEntry'),
    tcp: root.lookupType('envoy.data.accesslog.v3.TCPAccessLogEntry'),
  }
}

export interface OracleEntry {
  tcp: boolean
  // biome-ignore lint/suspicious/noExplicitAny: a decoded message of any shape
  value: any
}

/** What a generated decoder makes of a message: the entries up to the first malformed byte, and whether all is well. */
export function oracle(types: ReturnType<typeof loadAls>, bytes: Buffer): { entries: OracleEntry[]; ok: boolean } {
  let ok = true
  try {
    types.message.decode(bytes)
  } catch {
    ok = false
  }
  const entries: OracleEntry[] = []
  try {
    const r = protobuf.Reader.create(bytes) as protobuf.Reader & { size(): number; tag(): number }
    while (r.pos < r.len) {
      const tag = r.tag()
      if (tag === 18 || tag === 26) {
        const length = r.size()
        const end = Math.min(r.pos + length, r.len)
        while (r.pos < end) {
          const inner = r.tag()
          if (inner !== 10) {
            r.skipType(inner & 7, 0, inner >>> 3)
            continue
          }
          const size = r.size()
          if (r.pos + size > end) throw new Error('truncated')
          const part = bytes.subarray(r.pos, r.pos + size)
          entries.push({ tcp: tag === 26, value: (tag === 26 ? types.tcp : types.http).decode(Buffer.from(part)) })
          r.pos += size
        }
        if (r.pos !== end) throw new Error('overrun')
      } else if (tag === 10) {
        const size = r.size()
        if (r.pos + size > r.len) throw new Error('truncated')
        types.identifier.decode(Buffer.from(bytes.subarray(r.pos, r.pos + size)))
        r.pos += size
      } else r.skipType(tag & 7, 0, tag >>> 3)
    }
  } catch {
    // the rest is malformed
  }
  return { entries, ok }
}
