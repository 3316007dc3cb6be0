import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

/** Sums of one stretch of time per group of entries, column-wise. `group` is a place in `Groups`. */
export interface Cells {
  group: Int32Array
  count: Float64Array
  errors: Float64Array
  denied: Float64Array
  mtls: Float64Array
  reqBytes: Float64Array
  respBytes: Float64Array
}

/** How many entries of a group took how long. */
export interface Spread {
  group: Int32Array
  bucket: Uint8Array
  count: Float64Array
}

const little = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1

/** The columns of a SELECT that answers nothing but Float64, in ClickHouse's `Native` form, by name. */
export async function readFloats(stream: Readable): Promise<Map<string, Float64Array>> {
  const bytes = await buffer(stream)
  const pieces = new Map<string, Float64Array[]>()
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  const text = () => {
    const length = varint()
    at += length
    return bytes.toString('latin1', at - length, at)
  }
  while (at < bytes.length) {
    const columns = varint()
    const rows = varint()
    for (let i = 0; i < columns; i++) {
      const name = text()
      const type = text()
      if (type !== 'Float64') throw new TypeError(`column ${name} is ${type}, not Float64`)
      const values = floats(bytes.subarray(at, at + rows * 8), rows)
      pieces.set(name, [...(pieces.get(name) ?? []), values])
      at += rows * 8
    }
  }
  return new Map([...pieces].map(([name, parts]) => [name, joined(parts)]))
}

function floats(bytes: Buffer, rows: number): Float64Array {
  const copy = new Uint8Array(rows * 8)
  copy.set(bytes)
  if (little) return new Float64Array(copy.buffer)
  const view = new DataView(copy.buffer)
  return Float64Array.from({ length: rows }, (_, i) => view.getFloat64(i * 8, true))
}

function joined(parts: readonly Float64Array[]): Float64Array {
  if (parts.length === 1) return parts[0]!
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** The places `which` of a column, in a column of its own. */
export function pick<T extends Float64Array | Uint8Array>(into: T, from: ArrayLike<number>, which: readonly number[]): T {
  for (let i = 0; i < which.length; i++) into[i] = from[which[i]!]!
  return into
}
