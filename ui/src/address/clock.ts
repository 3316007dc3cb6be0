import { formatSpan, formatTime } from '../format/index.ts'
import type { Address } from './address.ts'

const units: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

export const defaultFrom = '-15m'

const defaultMs = 900_000

/** The window that an address names, as the API takes it: of a moment, the quarter of an hour before it. */
export function windowOf({ at, from, to }: Address): { from: string; to: string } {
  const moment = at === undefined ? undefined : momentMs(at, 0)
  if (at === undefined || at === 'now' || moment === undefined) return { from: from ?? defaultFrom, to: to ?? 'now' }
  return { from: at.startsWith('-') ? `-${(defaultMs - moment) / 1000}s` : new Date(moment - defaultMs).toISOString(), to: at }
}

/** The moment that an address names, as the API takes it: of a window, its end. */
export function momentOf({ at, to }: Address): string {
  return at ?? to ?? 'now'
}

/** The two moments that are compared, earlier first; undefined where there is one alone. */
export function comparedMoments(address: Address, nowMs: number): { from: string; to: string } | undefined {
  if (!address.with) return undefined
  const [a, b] = [address.with, momentOf(address)]
  return (momentMs(a, nowMs) ?? 0) <= (momentMs(b, nowMs) ?? 0) ? { from: a, to: b } : { from: b, to: a }
}

/** Milliseconds since 1970 of a moment: ISO 8601, `now`, `-15m`; undefined where it is neither. */
export function momentMs(moment: string, nowMs: number): number | undefined {
  if (moment === 'now') return nowMs
  const relative = /^-(\d+(?:\.\d+)?)([smhdw])$/.exec(moment)
  if (relative) return nowMs - Number(relative[1]) * units[relative[2]!]!
  const at = Date.parse(moment)
  return Number.isNaN(at) ? undefined : at
}

/** `live`: goes on with the present; `past`: a window that is over. */
export function clockOf(address: Address): 'live' | 'past' {
  return windowOf(address).to === 'now' ? 'live' : 'past'
}

const names: Record<string, string> = { s: 'seconds', m: 'minutes', h: 'hours', d: 'days', w: 'weeks' }

/** The window in words: `last 15 minutes`, or two times. */
export function describeWindow(address: Address, utc: boolean): string {
  const { from, to } = windowOf(address)
  const relative = /^-(\d+)([smhdw])$/.exec(from)
  if (relative && to === 'now') {
    const [, n, unit] = relative
    return n === '1' ? `Last ${names[unit!]!.slice(0, -1)}` : `Last ${n} ${names[unit!]}`
  }
  const text = (moment: string) => (moment === 'now' ? 'now' : moment.startsWith('-') ? moment : formatTime(moment, utc))
  const begin = text(from)
  const end = text(to)
  return `${begin} – ${begin.slice(0, 10) === end.slice(0, 10) && end.length > 10 ? end.slice(11) : end}`
}

/** The window moved by a share of its length (negative = earlier), as two absolute times. */
export function shiftedWindow(address: Address, by: number, nowMs: number): { from: string; to: string } {
  const { from, to } = windowOf(address)
  const a = momentMs(from, nowMs) ?? nowMs - 900_000
  const b = momentMs(to, nowMs) ?? nowMs
  const step = Math.round((b - a) * by)
  return { from: new Date(a + step).toISOString(), to: new Date(b + step).toISOString() }
}

/** The window around a moment that a person points at, of the length of the one shown. */
export function windowLength(address: Address, nowMs: number): string {
  const { from, to } = windowOf(address)
  return formatSpan((momentMs(to, nowMs) ?? nowMs) - (momentMs(from, nowMs) ?? nowMs))
}
