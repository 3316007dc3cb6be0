import { PanoptesError } from '../errors.ts'
import { columnsByField, kindOf } from '../query/fields.ts'
import type { Access } from '../traffic/access.ts'
import { readCsv, writeCsv } from './csv.ts'
import { escapeControls, isOneLine } from './escape.ts'
import { readLogfmt, writeLogfmt } from './logfmt.ts'

export const lineFormats = ['text', 'ndjson', 'csv'] as const
export type LineFormat = (typeof lineFormats)[number]

export interface LineOptions {
  format: LineFormat
  /** Put before every physical line, the header of CSV included. */
  prefix: string
  /** Field names in order; the id comes first without being named. */
  fields: readonly string[]
}

/** Refuses a prefix that is more than one line (PAN0003). Returns it. */
export function checkPrefix(prefix: string): string {
  if (isOneLine(prefix)) return prefix
  throw new PanoptesError('PAN0003', 'prefix: must be one line without control characters', { field: 'prefix' })
}

/** The first line of a format that has one (CSV), with the prefix and without a line end; undefined for the others. */
export function formatHeader({ format, prefix, fields }: LineOptions): string | undefined {
  return format === 'csv' ? prefix + writeCsv(['id', ...fields]) : undefined
}

/**
 * One access as exactly one physical line (without a line end) that begins with the prefix. No field can forge a line:
 * control characters are escaped. `parseLine` reads it back.
 */
export function formatLine(access: Access, { format, prefix, fields }: LineOptions): string {
  const names = ['id', ...fields]
  switch (format) {
    case 'text':
      return prefix + writeLogfmt(names.flatMap((name) => (access[name] === undefined ? [] : [[name, cell(access[name])] as const])))
    case 'csv':
      return prefix + writeCsv(names.map((name) => (access[name] === undefined ? undefined : cell(access[name]))))
    case 'ndjson':
      return prefix + escapeControls(JSON.stringify(Object.fromEntries(names.map((name) => [name, access[name]]))))
  }
}

/** Reads a line of formatLine back. CSV needs the fields of its header. Throws PAN0003 when it is no such line. */
export function parseLine(line: string, { format, prefix, fields }: LineOptions): Access {
  if (!line.startsWith(prefix)) throw new PanoptesError('PAN0003', 'the line does not begin with the prefix')
  const body = line.slice(prefix.length)
  if (format === 'ndjson') return JSON.parse(body) as Access
  const names = ['id', ...fields]
  const cells: [string, string | undefined][] = format === 'csv' ? readCsv(body).map((text, i) => [names[i] ?? '', text]) : readLogfmt(body)
  const found = cells.flatMap(([name, text]) => (text === undefined ? [] : [[name, value(name, text)] as const]))
  return Object.fromEntries(found) as Access
}

/** The fields that a CSV header names. */
export function parseHeader(line: string, prefix: string): string[] {
  if (!line.startsWith(prefix)) throw new PanoptesError('PAN0003', 'the header does not begin with the prefix')
  return readCsv(line.slice(prefix.length))
    .slice(1)
    .map((name) => name ?? '')
}

function cell(content: Access[string]): string | number {
  return typeof content === 'object' ? JSON.stringify(content) : content!
}

/** Texts get their type back from the column's. */
function value(field: string, text: string): Access[string] {
  const column = columnsByField.get(field)
  switch (column && kindOf(column)) {
    case 'map':
      return JSON.parse(text) as Record<string, string>
    case 'number':
    case 'status':
    case 'duration':
    case 'bytes':
      return Number(text)
    default:
      return text
  }
}
