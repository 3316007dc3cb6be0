import type { Address } from './address.ts'
import { windowOf } from './clock.ts'

const list = (text: string | undefined): string[] => (text ? text.split(',').filter(Boolean) : [])

/** A value as the query language takes it: bare where it can be, else in quotes. */
export function quoted(value: string): string {
  return /^[\p{L}\p{N}_./@:-]+$/u.test(value) && !/^(and|or|not|in)$/i.test(value) ? value : `"${value.replace(/[\\"*]/g, '\\$&')}"`
}

/** One condition of the query language: `field=value`. */
export function condition(field: string, value: string, op: '=' | '!=' = '='): string {
  return `${field}${op}${quoted(value)}`
}

function oneOf(field: string, values: string[]): string {
  if (values.length === 1) return condition(field, values[0]!)
  return `${field} IN (${values.map(quoted).join(', ')})`
}

/** Joins queries by AND; empty ones do not count. */
export function both(...queries: (string | undefined)[]): string {
  const parts = queries.map((q) => q?.trim()).filter((q): q is string => Boolean(q))
  return parts.length === 1 ? parts[0]! : parts.map((q) => (/\bOR\b/i.test(q) ? `(${q})` : q)).join(' AND ')
}

/** What the top bar's scope asks for, as a query. */
export function scopeQuery(address: Address): string {
  const clusters = list(address.cluster)
  const namespaces = list(address.ns)
  return both(clusters.length ? oneOf('cluster', clusters) : '', namespaces.length ? oneOf('namespace', namespaces) : '')
}

/** Query, window, environment and origin of the address: what every question to the record starts from. */
export function questionOf(
  address: Address,
  more?: string,
): { query: string; from: string; to: string; environment?: string; origin: 'user' | 'demo' | 'all' } {
  const origin = address.origin === 'user' || address.origin === 'demo' ? address.origin : 'all'
  return { query: both(scopeQuery(address), address.q, more), ...windowOf(address), ...(address.env ? { environment: address.env } : {}), origin }
}

/** A query with one more condition, or without it where it is there already. */
export function toggled(query: string | undefined, part: string): string {
  const parts = (query ?? '').trim()
  if (!parts) return part
  const pieces = parts.split(/ AND /)
  if (pieces.includes(part)) return pieces.filter((p) => p !== part).join(' AND ')
  return both(parts, part)
}
