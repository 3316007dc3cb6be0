import { type Cursor, maxDepth } from './cursor.ts'

/** How a field's value is read. A 64-bit integer becomes a number (near beyond 2^53), `hex` a byte string's hex digits. */
export type Kind = 'string' | 'hex' | 'bool' | 'int' | 'double' | 'float' | 'fixed64' | 'fixed32' | Message

export interface Field {
  name: string
  kind: Kind
  repeated?: boolean
  /** A map<string, kind>. */
  map?: boolean
}

/** A message: its fields by number. Built by `message`, so that messages may contain themselves. */
export interface Message {
  fields: () => Record<number, Field>
}

export type Value = Record<string, unknown>

/**
 * Reads a message by a table of its fields. Not for the hot path: it serves what comes once per stream or per interval.
 * Same rules as the hand-written decoder: last scalar wins, messages merge, wrong wire types are unknown fields.
 */
export function readMessage(c: Cursor, message: Message, end: number, depth = 0, into: Value = {}): Value {
  if (depth > maxDepth) c.fail('depth')
  const fields = message.fields()
  while (c.p < end) {
    const tag = c.tag()
    const field = fields[tag >>> 3]
    if (!field || !readField(c, field, tag & 7, end, depth, into)) c.skip(tag, end, depth)
  }
  c.finish(end)
  return into
}

function readField(c: Cursor, field: Field, wire: number, end: number, depth: number, into: Value): boolean {
  const { name, kind } = field
  if (field.map) {
    if (wire !== 2) return false
    into[name] ??= Object.create(null)
    const map = into[name] as Value
    const entry = readMessage(c, { fields: () => ({ 1: { name: 'key', kind: 'string' }, 2: { name: 'value', kind } }) }, c.size(end), depth)
    map[(entry.key as string | undefined) ?? ''] = entry.value ?? (typeof kind === 'object' ? {} : zero(kind))
    return true
  }
  if (field.repeated && wire === 2 && wireType(kind) !== 2) {
    into[name] ??= []
    const list = into[name] as unknown[]
    const stop = c.size(end)
    while (c.p < stop) list.push(scalar(c, kind as Exclude<Kind, Message>, stop))
    c.finish(stop)
    return true
  }
  if (wire !== wireType(kind)) return false
  if (typeof kind === 'object') {
    const known = field.repeated ? undefined : (into[name] as Value | undefined)
    const value = readMessage(c, kind, c.size(end), depth + 1, known)
    put(into, field, value)
    return true
  }
  const value = scalar(c, kind, end)
  put(into, field, value)
  return true
}

function put(into: Value, { name, repeated }: Field, value: unknown): void {
  if (!repeated) into[name] = value
  else if (name in into) (into[name] as unknown[]).push(value)
  else into[name] = [value]
}

function wireType(kind: Kind): number {
  switch (kind) {
    case 'bool':
    case 'int':
      return 0
    case 'double':
    case 'fixed64':
      return 1
    case 'float':
    case 'fixed32':
      return 5
    default:
      return 2
  }
}

function zero(kind: Exclude<Kind, Message>): unknown {
  return kind === 'string' || kind === 'hex' ? '' : kind === 'bool' ? false : 0
}

function scalar(c: Cursor, kind: Exclude<Kind, Message>, end: number): unknown {
  switch (kind) {
    case 'bool':
      return c.bool() === 1
    case 'int':
      return c.int64()
    case 'double':
    case 'fixed64': {
      const at = c.p
      c.p += 8
      if (c.p > end) c.fail('truncated')
      return kind === 'double' ? c.view.getFloat64(at, true) : c.view.getUint32(at + 4, true) * 4294967296 + c.view.getUint32(at, true)
    }
    case 'float':
    case 'fixed32': {
      const at = c.p
      c.p += 4
      if (c.p > end) c.fail('truncated')
      return kind === 'float' ? c.view.getFloat32(at, true) : c.view.getUint32(at, true)
    }
    default: {
      const stop = c.size(end)
      const text = c.buf.toString(kind === 'hex' ? 'hex' : 'utf8', c.p, stop)
      c.p = stop
      return text
    }
  }
}
