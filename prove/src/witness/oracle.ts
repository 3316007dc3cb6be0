import protobuf from 'protobufjs'
import type { Protos } from '../lab/protos.ts'

/** As the code that protobufjs generates reads: it refuses field number 0 and overlong tags. */
type StrictReader = protobuf.Reader & { tag(): number; size(): number; skipType(wire: number, depth: number, field: number): void }

export interface Verdict {
  /** Entries before the first malformed byte. */
  entries: { tcp: boolean; value: Record<string, unknown> }[]
  /** Whether the generated decoder takes the whole message. */
  good: boolean
}

/** What the generated decoder makes of a whole message, and of the entries that come before its first malformed byte. */
export function alsVerdict(protos: Protos, bytes: Buffer): Verdict {
  const entries = entriesBefore(protos, bytes)
  let good = true
  try {
    protos.als.decode(bytes)
  } catch {
    good = false
  }
  return { entries, good }
}

function entriesBefore(protos: Protos, bytes: Buffer): Verdict['entries'] {
  const out: Verdict['entries'] = []
  const reader = protobuf.Reader.create(bytes) as StrictReader
  try {
    while (reader.pos < reader.len) {
      const tag = reader.tag()
      if (tag !== 18 && tag !== 26) {
        if (tag === 10) protos.identifier.decode(reader.bytes())
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
        if (stop > whole) return out
        const type = tcp ? protos.tcp : protos.http
        out.push({ tcp, value: type.decode(bytes.subarray(reader.pos, stop)) as unknown as Record<string, unknown> })
        reader.pos = stop
      }
      if (reader.pos !== end) return out
    }
  } catch {
    // The first malformed byte: what came before it stands.
  }
  return out
}
