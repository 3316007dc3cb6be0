import protobuf from 'protobufjs'
import type { Protos } from '../lab/protos.ts'

/** As the code that protobufjs generates reads: it refuses field number 0 and overlong tags. */
type StrictReader = protobuf.Reader & { tag(): number; size(): number; skipType(wire: number, depth: number, field: number): void }

export interface Verdict {
  /** Entries before the first malformed byte. */
  entries: { tcp: boolean; value: Record<string, unknown> }[]
  /** Node id of the identifier that the message carries (a spoiled one may become one); undefined without one. */
  node?: string
  /** Whether the generated decoder takes the whole message. */
  good: boolean
}

/** What the generated decoder makes of a whole message, and of the entries that come before its first malformed byte. */
export function alsVerdict(protos: Protos, bytes: Buffer): Verdict {
  const verdict: Verdict = { entries: [], good: true }
  readBefore(protos, bytes, verdict)
  try {
    protos.als.decode(bytes)
  } catch {
    verdict.good = false
  }
  return verdict
}

function readBefore(protos: Protos, bytes: Buffer, verdict: Verdict): void {
  const reader = protobuf.Reader.create(bytes) as StrictReader
  try {
    while (reader.pos < reader.len) {
      const tag = reader.tag()
      if (tag !== 18 && tag !== 26) {
        if (tag === 10) verdict.node = (protos.identifier.decode(reader.bytes()) as unknown as { node?: { id: string } }).node?.id ?? ''
        else reader.skipType(tag & 7, 0, tag >>> 3)
        continue
      }
      const tcp = tag === 26
      const end = reader.size() + reader.pos
      const whole = Math.min(end, reader.len)
      while (reader.pos < whole) {
        const inner = reader.tag()
        if (inner !== 10) {
          reader.skipType(inner & 7, 0, inner >>> 3)
          continue
        }
        const stop = reader.size() + reader.pos
        if (stop > whole) return
        const type = tcp ? protos.tcp : protos.http
        verdict.entries.push({ tcp, value: type.decode(bytes.subarray(reader.pos, stop)) as unknown as Record<string, unknown> })
        reader.pos = stop
      }
      if (reader.pos !== end) return
    }
  } catch {
    // The first malformed byte: what came before it stands.
  }
}

/** An OTLP log record as the generated decoder reads it, with the attributes of its resource. */
export interface LogRecord {
  resource: Record<string, unknown>
  attributes: Record<string, unknown>
}

interface KeyValue {
  key: string
  value?: { stringValue?: string; intValue?: unknown } | null
}

/** Texts and whole numbers by key; a later one wins, and a dash or nothing says nothing. */
function attributesOf(list: KeyValue[]): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const { key, value } of list) {
    const own =
      value && Object.hasOwn(value, 'stringValue') ? value.stringValue : value && Object.hasOwn(value, 'intValue') ? String(value.intValue) : undefined
    if (own !== undefined && own !== '' && own !== '-') out[key] = own
  }
  return out
}

/** What the generated decoder makes of an ExportLogsServiceRequest, and of the records before its first malformed byte. */
export function otlpVerdict(protos: Protos, bytes: Buffer): { records: LogRecord[]; good: boolean } {
  const records: LogRecord[] = []
  let good = true
  try {
    protos.otlp.decode(bytes)
  } catch {
    good = false
  }
  const walk = (reader: StrictReader, end: number, fields: Record<number, (whole: number) => void>): void => {
    const whole = Math.min(end, reader.len)
    while (reader.pos < whole) {
      const tag = reader.tag()
      if (fields[tag]) fields[tag](whole)
      else reader.skipType(tag & 7, 0, tag >>> 3)
    }
    if (reader.pos !== end) throw new Error('a length does not fit')
  }
  const part = (reader: StrictReader, whole: number): Buffer => {
    const stop = reader.size() + reader.pos
    if (stop > whole) throw new Error('a length does not fit')
    const slice = bytes.subarray(reader.pos, stop)
    reader.pos = stop
    return slice
  }
  const reader = protobuf.Reader.create(bytes) as StrictReader
  try {
    walk(reader, reader.len, {
      10: () => {
        let resource: Record<string, unknown> = {}
        walk(reader, reader.size() + reader.pos, {
          10: (whole) => {
            resource = attributesOf((protos.otlpResource.decode(part(reader, whole)) as unknown as { attributes: KeyValue[] }).attributes)
          },
          18: () =>
            walk(reader, reader.size() + reader.pos, {
              10: (whole) => void protos.otlpScope.decode(part(reader, whole)),
              18: (whole) => {
                const record = protos.otlpRecord.decode(part(reader, whole)) as unknown as { attributes: KeyValue[] }
                records.push({ resource, attributes: attributesOf(record.attributes) })
              },
            }),
        })
      },
    })
  } catch {
    // The first malformed byte: what came before it stands.
  }
  return { records, good }
}
