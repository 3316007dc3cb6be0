import type { Query, Value } from './ast.ts'
import { resolveField } from './fields.ts'
import { byteUnits, durationUnits } from './values.ts'

/** Writes a query so that `parseQuery` reads the same again; everything is the empty text. */
export function printQuery(query: Query): string {
  return query.kind === 'all' ? '' : print(query, 0)
}

const strength = { or: 1, and: 2, not: 3 } as const

function print(query: Query, around: number): string {
  switch (query.kind) {
    case 'all':
      return '"*"'
    case 'and':
    case 'or': {
      const own = strength[query.kind]
      const text = query.items.map((item) => print(item, own)).join(query.kind === 'and' ? ' AND ' : ' OR ')
      return own < around ? `(${text})` : text
    }
    case 'not':
      return `NOT ${print(query.item, strength.not)}`
    case 'exists':
      return `${printField(query.field)}:*`
    case 'compare':
      return `${printField(query.field)}${query.op}${printValue(query.field, query.value)}`
    case 'contains':
      return `${printField(query.field)}${query.negated ? '!~' : '~'}${printText(query.parts, query.parts[0]?.startsWith('/'))}`
    case 'regexp':
      return `${printField(query.field)}${query.negated ? '!~' : '~'}/${query.source.replace(/\\[\s\S]|\//g, (m) => (m === '/' ? '\\/' : m))}/${query.ignoreCase ? 'i' : ''}`
    case 'in':
      return `${printField(query.field)} ${query.negated ? 'NOT IN' : 'IN'} (${query.values.map((v) => printValue(query.field, v)).join(', ')})`
    case 'word':
      return printText(query.parts, !isPlainWord(query.parts.join('*')))
  }
}

/** A word that cannot be taken for a keyword or a field with a value. */
function isPlainWord(word: string): boolean {
  return /^[\p{L}\p{N}_./@*-]+$/u.test(word) && !/^(and|or|not|in)$/i.test(word) && !word.endsWith(':*')
}

/** Writes a field's name, its map key in quotes where that is needed. */
export function printField(field: string): string {
  const ref = resolveField(field)
  if (ref?.key === undefined || /^[\w./-]+$/.test(ref.key)) return field
  return `${field.slice(0, field.length - ref.key.length)}${printText([ref.key], true)}`
}

/** Writes a value in the field's units. */
export function printValue(field: string, value: Value): string {
  switch (value.type) {
    case 'text':
      return printText(value.parts)
    case 'number':
      return printNumber(field, value.number)
    case 'class':
      return `${value.hundred}xx`
    case 'ip':
      if (value.bits === 128) return value.address
      return `${value.address}/${value.address.includes(':') ? value.bits : value.bits - 96}`
    case 'uuid':
      return value.uuid
    case 'hex':
      return value.hex
    case 'time': {
      const us = String(value.us % 1_000_000).padStart(6, '0')
      return `${new Date(Math.floor(value.us / 1000)).toISOString().slice(0, 19)}${us === '000000' ? '' : `.${us}`}Z`
    }
  }
}

function printNumber(field: string, number: number): string {
  const kind = resolveField(field)?.kind
  const units: Record<string, number> = kind === 'duration' ? durationUnits : kind === 'bytes' ? byteUnits : {}
  const unit = Object.entries(units).find(([, factor]) => number !== 0 && number % factor === 0)
  return unit ? `${number / unit[1]}${unit[0]}` : String(number)
}

/** Writes text with its wildcards, in quotes where needed. */
export function printText(parts: string[], quotes = false): string {
  const plain = parts.join('*')
  if (!quotes && plain !== '' && parts.every((p) => /^[\p{L}\p{N}_./@:+%$#&=?;-]*$/u.test(p))) return plain
  return `"${parts.map(escapeText).join('*')}"`
}

function escapeText(text: string): string {
  return text.replace(/["\\*\p{C}\p{Z}]/gu, (char) => {
    if (char === ' ') return ' '
    if (char === '"' || char === '\\' || char === '*') return `\\${char}`
    return [...Array(char.length).keys()].map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')
  })
}
