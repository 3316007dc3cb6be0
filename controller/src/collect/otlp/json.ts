import { Bytes } from '../../batch/index.ts'

type Json = Record<string, unknown>

/**
 * Turns an ExportLogsServiceRequest in OTLP's JSON form into its protobuf form, so that there is one reader.
 * @throws SyntaxError or TypeError where the text is no such request.
 */
export function otlpFromJson(text: string): Buffer {
  const root = object(JSON.parse(text))
  const out = new Bytes()
  for (const r of list(root.resourceLogs)) {
    field(out, 1, (o) => {
      if (r.resource) field(o, 1, (res) => attributes(res, 1, object(r.resource).attributes))
      for (const s of list(r.scopeLogs)) field(o, 2, (scope) => list(s.logRecords).forEach((l) => void field(scope, 2, (rec) => record(rec, l))))
    })
  }
  return out.view()
}

function record(out: Bytes, l: Json): void {
  if (l.timeUnixNano !== undefined) {
    out.byte(9)
    const at = out.reserve(8)
    out.buf.writeBigUInt64LE(BigInt.asUintN(64, BigInt(l.timeUnixNano as string | number)), at)
  }
  attributes(out, 6, l.attributes)
  hex(out, 9, l.traceId)
  hex(out, 10, l.spanId)
}

function attributes(out: Bytes, number: number, value: unknown): void {
  for (const a of list(value)) {
    field(out, number, (o) => {
      string(o, 1, a.key)
      const v = object(a.value ?? {})
      field(o, 2, (any) => {
        if (v.stringValue !== undefined) string(any, 1, v.stringValue)
        else if (v.intValue !== undefined) string(any, 1, String(v.intValue))
      })
    })
  }
}

function hex(out: Bytes, number: number, value: unknown): void {
  if (typeof value !== 'string' || value === '') return
  const bytes = Buffer.from(value, 'hex')
  out.byte((number << 3) | 2)
  out.string(bytes, 0, bytes.length)
}

function string(out: Bytes, number: number, value: unknown): void {
  if (typeof value !== 'string') throw new TypeError('a string was expected')
  out.byte((number << 3) | 2)
  out.text(value)
}

function field(out: Bytes, number: number, write: (out: Bytes) => void): void {
  const inner = new Bytes(256)
  write(inner)
  out.byte((number << 3) | 2)
  out.string(inner.buf, 0, inner.length)
}

function list(value: unknown): Json[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new TypeError('a list was expected')
  return value.map(object)
}

function object(value: unknown): Json {
  if (typeof value !== 'object' || value === null) throw new TypeError('an object was expected')
  return value as Json
}
