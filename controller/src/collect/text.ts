/** Value of a hexadecimal digit by its byte; 255 for any other byte. */
const digits = new Uint8Array(256).fill(255)
for (let i = 0; i < 16; i++) {
  digits['0123456789abcdef'.charCodeAt(i)] = i
  digits['0123456789ABCDEF'.charCodeAt(i)] = i
}

/** Eight hexadecimal digits as an unsigned number of 32 bits; -1 where one is none. */
function hex8(buf: Uint8Array, at: number): number {
  let value = 0
  let bad = 0
  for (let i = at; i < at + 8; i++) {
    const d = digits[buf[i]!]!
    bad |= d
    value = (value << 4) | (d & 15)
  }
  return bad > 15 ? -1 : value >>> 0
}

function hex4(buf: Uint8Array, at: number): number {
  const a = digits[buf[at]!]!
  const b = digits[buf[at + 1]!]!
  const c = digits[buf[at + 2]!]!
  const d = digits[buf[at + 3]!]!
  return (a | b | c | d) > 15 ? -1 : (a << 12) | (b << 8) | (c << 4) | d
}

const dash = 45

/**
 * Reads a UUID (36 characters) into the four words in which ClickHouse stores it.
 * Answers false, writing nothing, where the bytes are no UUID.
 */
export function parseUuid(buf: Uint8Array, at: number, length: number, out: Uint32Array, to: number): boolean {
  if (length !== 36 || buf[at + 8] !== dash || buf[at + 13] !== dash || buf[at + 18] !== dash || buf[at + 23] !== dash) return false
  const a = hex8(buf, at)
  const b = hex4(buf, at + 9)
  const c = hex4(buf, at + 14)
  const d = hex4(buf, at + 19)
  const e = hex4(buf, at + 24)
  const f = hex8(buf, at + 28)
  if (a < 0 || b < 0 || c < 0 || d < 0 || e < 0 || f < 0) return false
  out[to] = (b << 16) | c
  out[to + 1] = a
  out[to + 2] = f
  out[to + 3] = (d << 16) | e
  return true
}

/** Reads 32 (or, padded with zeros in front, 16) hexadecimal digits as a trace id, in ClickHouse's UUID words. */
export function parseTraceId(buf: Uint8Array, at: number, length: number, out: Uint32Array, to: number): boolean {
  if (length !== 32 && length !== 16) return false
  const low = at + length - 16
  const a = length === 32 ? hex8(buf, at) : 0
  const b = length === 32 ? hex8(buf, at + 8) : 0
  const c = hex8(buf, low)
  const d = hex8(buf, low + 8)
  if (a < 0 || b < 0 || c < 0 || d < 0 || a + b + c + d === 0) return false
  out[to] = b
  out[to + 1] = a
  out[to + 2] = d
  out[to + 3] = c
  return true
}

/** True where all bytes are ASCII, and so surely UTF-8; looked at four at a time. */
export function isAsciiRange(buf: Uint8Array, view: DataView, start: number, length: number): boolean {
  const end = start + length
  let high = 0
  let i = start
  for (; i < end - 3; i += 4) high |= view.getInt32(i, true)
  for (; i < end; i++) high |= buf[i]!
  return (high & 0x80808080) === 0
}

/** Reads 16 hexadecimal digits as a span id: low word first. */
export function parseSpanId(buf: Uint8Array, at: number, length: number, out: Uint32Array, to: number): boolean {
  if (length !== 16) return false
  const high = hex8(buf, at)
  const low = hex8(buf, at + 8)
  if (high < 0 || low < 0) return false
  out[to] = low
  out[to + 1] = high
  return true
}

/** Reads a W3C traceparent (`00-trace-span-flags`) into trace id and span id. */
export function parseTraceparent(buf: Uint8Array, at: number, length: number, out: Uint32Array, trace: number, span: number): boolean {
  if (length < 55 || buf[at + 2] !== dash || buf[at + 35] !== dash || buf[at + 52] !== dash) return false
  return parseTraceId(buf, at + 3, 32, out, trace) && parseSpanId(buf, at + 36, 16, out, span)
}
