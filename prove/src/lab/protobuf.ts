/** A protobuf message under construction: fields in the order in which they are added. */
export interface Message {
  varint(field: number, value: number | bigint): Message
  /** Strings, bytes and sub-messages. Empty ones are left out, as proto3 does. */
  bytes(field: number, value: string | Uint8Array | Message | undefined): Message
  double(field: number, value: number): Message
  finish(): Buffer
}

function varintOf(value: number | bigint): Buffer {
  const out: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest > 0x7fn) {
    out.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  out.push(Number(rest))
  return Buffer.from(out)
}

/** Starts a message. This is the generators' own writer: they must not trust the product's. */
export function message(): Message {
  const parts: Uint8Array[] = []
  const self: Message = {
    varint(field, value) {
      if (BigInt(value) !== 0n) parts.push(varintOf(field * 8), varintOf(value))
      return self
    },
    bytes(field, value) {
      if (value === undefined) return self
      const body = typeof value === 'string' ? Buffer.from(value) : value instanceof Uint8Array ? value : value.finish()
      const isMessage = typeof value === 'object' && !(value instanceof Uint8Array)
      if (body.length > 0 || isMessage) parts.push(varintOf(field * 8 + 2), varintOf(body.length), body)
      return self
    },
    double(field, value) {
      const body = Buffer.alloc(8)
      body.writeDoubleLE(value)
      parts.push(varintOf(field * 8 + 1), body)
      return self
    },
    finish: () => Buffer.concat(parts),
  }
  return self
}

/** Writes an unsigned number as a varint of exactly five bytes (padded), so that it can be changed in place. */
export function putVarint5(buffer: Buffer, at: number, value: number): void {
  let rest = value
  for (let i = 0; i < 4; i++) {
    buffer[at + i] = (rest & 0x7f) | 0x80
    rest = Math.floor(rest / 128)
  }
  buffer[at + 4] = rest & 0x7f
}

/** google.protobuf.Struct of plain JSON. */
export function struct(value: Record<string, unknown>): Message {
  const out = message()
  for (const [key, item] of Object.entries(value)) out.bytes(1, message().bytes(1, key).bytes(2, jsonValue(item)))
  return out
}

function jsonValue(item: unknown): Message {
  const out = message()
  if (typeof item === 'string') return out.bytes(3, item)
  if (typeof item === 'number') return out.double(2, item)
  if (typeof item === 'boolean') return out.varint(4, item ? 1 : 0)
  return out.bytes(5, struct((item ?? {}) as Record<string, unknown>))
}

/** A gRPC message: flag, length, body. */
export function grpcFrame(body: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}
