import type { Value } from './ast.ts'
import type { FieldRef } from './fields.ts'
import { formatIp, parseIp } from './ip.ts'

/** A value as written: literal pieces between wildcards, and the text for messages. */
export interface RawValue {
  parts: string[]
  text: string
}

/** What a kind of field takes, for messages. */
export const expectedOf = {
  text: 'a text, as payments, "two words" or pay*',
  number: 'a whole number',
  duration: 'a duration, as 250ms, 1.5s or 80us',
  bytes: 'a size, as 512, 10kB or 1MiB',
  status: 'a status, as 503, or a class, as 5xx',
  ip: 'an address or network, as 10.1.2.3 or 10.0.0.0/8',
  uuid: 'a UUID or 32 hex digits',
  hex: '16 hex digits',
  time: 'a time, as 2026-03-01T12:00:00Z',
  map: 'a key after a dot, as req.headers.x-tenant',
} as const

/** Microseconds per unit of duration, largest first. */
export const durationUnits = { h: 3_600_000_000, m: 60_000_000, s: 1_000_000, ms: 1_000, us: 1 } as const
/** Bytes per unit of size, largest first. */
export const byteUnits = { TiB: 2 ** 40, TB: 1e12, GiB: 2 ** 30, GB: 1e9, MiB: 2 ** 20, MB: 1e6, KiB: 2 ** 10, kB: 1e3, B: 1 } as const

/** Turns a written value into one of the field's kind; undefined when it is none. */
export function readValue(ref: FieldRef, raw: RawValue): Value | undefined {
  if (ref.kind === 'text') return { type: 'text', parts: raw.parts }
  if (raw.parts.length !== 1) return undefined
  const text = raw.parts[0]!
  switch (ref.kind) {
    case 'status': {
      const cls = /^([1-9])xx$/i.exec(text)
      return cls ? { type: 'class', hundred: Number(cls[1]) } : number(text, { '': 1 })
    }
    case 'number':
      if (ref.field === 'mtls' && /^(true|false)$/i.test(text)) return { type: 'number', number: text.toLowerCase() === 'true' ? 1 : 0 }
      return number(text, { '': 1 })
    case 'duration':
      return number(text.replace('µs', 'us'), { '': 1, ...durationUnits })
    case 'bytes':
      return number(text.replace(/K(B?)$/, 'k$1'), { '': 1, k: 1e3, M: 1e6, G: 1e9, ...byteUnits })
    case 'ip':
      return network(text)
    case 'uuid': {
      const hex = text.replaceAll('-', '').toLowerCase()
      if (/^[0-9a-f]{32}$/.test(hex)) return { type: 'uuid', uuid: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') }
      // Applications may send request ids that are no UUIDs: those are kept as text.
      return ref.field === 'request.id' && text !== '' ? { type: 'text', parts: raw.parts } : undefined
    }
    case 'hex':
      return /^[0-9a-fA-F]{1,16}$/.test(text) ? { type: 'hex', hex: text.toLowerCase().padStart(16, '0') } : undefined
    case 'time':
      return time(text)
    default:
      return undefined
  }
}

function number(text: string, units: Record<string, number>): Value | undefined {
  const match = /^(-?\d{1,16}(?:\.\d{1,9})?)([a-zA-Z]*)$/.exec(text)
  const factor = match && Object.hasOwn(units, match[2]!) ? units[match[2]!] : undefined
  if (!match || factor === undefined) return undefined
  const value = Number(match[1]) * factor
  const whole = match[1]!.includes('.') ? Math.round(value) : value
  // Adding 0 turns -0 into 0.
  return Number.isSafeInteger(whole) && (factor !== 1 || whole === value) ? { type: 'number', number: whole + 0 } : undefined
}

function network(text: string): Value | undefined {
  const [address, length, more] = text.split('/')
  const parsed = parseIp(address!)
  if (parsed === undefined || more !== undefined) return undefined
  if (length === undefined) return { type: 'ip', address: formatIp(parsed), bits: 128 }
  const v4 = !address!.includes(':')
  if (!/^\d{1,3}$/.test(length) || Number(length) > (v4 ? 32 : 128)) return undefined
  const bits = Number(length) + (v4 ? 96 : 0)
  return { type: 'ip', address: formatIp((parsed >> BigInt(128 - bits)) << BigInt(128 - bits)), bits }
}

const timePattern = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,6}))?(Z|[+-]\d{2}:\d{2})?)?$/

/** Without an offset a time is UTC. */
function time(text: string): Value | undefined {
  const match = timePattern.exec(text)
  if (!match) return undefined
  const ms = Date.parse(`${match[1]}T${match[2] ?? '00:00'}${match[4] ?? 'Z'}`)
  if (Number.isNaN(ms) || ms < 0 || ms > 8.8e12) return undefined
  return { type: 'time', us: ms * 1000 + Number((match[3] ?? '').padEnd(6, '0')) }
}
