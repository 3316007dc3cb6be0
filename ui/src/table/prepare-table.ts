import type { ReactNode } from 'react'

export type Cell = string | number | boolean | null | undefined

/** One column of the one table. `value` sorts, filters and exports; `cell` shows. */
export interface TableColumn<T> {
  id: string
  header: string
  value: (row: T) => Cell
  cell?: (row: T) => ReactNode
  /** Least width in pixels; wide columns take what is left. */
  width?: number
  grow?: boolean
  align?: 'right'
  mono?: boolean
  /** Not shown unless chosen. */
  optional?: boolean
  /** Offers its values as a filter. */
  facet?: boolean
  /** Cannot be sorted by. */
  fixed?: boolean
}

export interface Token {
  column?: string
  text: string
  not: boolean
}

/** Reads the filter of a table: words, and `column:value` (in quotes where it has spaces; `-` before it turns it round). */
export function readFilter(text: string): Token[] {
  return [...text.matchAll(/(-?)(?:([\w.-]+):)?(?:"([^"]*)"|(\S+))/g)].map(([, not, column, quoted, bare]) => ({
    ...(column ? { column } : {}),
    text: (quoted ?? bare ?? '').toLowerCase(),
    not: not === '-',
  }))
}

/** Whether a row passes the filter: every token must. */
export function passes<T>(row: T, columns: readonly TableColumn<T>[], tokens: readonly Token[]): boolean {
  return tokens.every((token) => {
    const named = columns.find((c) => c.id === token.column)
    const text = (column: TableColumn<T>) => String(column.value(row) ?? '').toLowerCase()
    const words = token.column && !named ? `${token.column}:${token.text}` : token.text
    const hit = named ? text(named) === words : columns.some((c) => text(c).includes(words))
    return hit !== token.not
  })
}

/** The filter with one `column:value` more or less. */
export function toggleToken(text: string, column: string, value: string): string {
  const token = `${column}:${/\s/.test(value) || value === '' ? `"${value}"` : value}`
  const without = text.replace(token, '').replace(/\s+/g, ' ').trim()
  return text.includes(token) ? without : `${text} ${token}`.trim()
}

/** The values of a column with how often each is there, most frequent first. */
export function facetOf<T>(rows: readonly T[], column: TableColumn<T>): { value: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const row of rows) {
    const value = String(column.value(row) ?? '')
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count || a.value.localeCompare(b.value))
}

/** Compares two cells: numbers as numbers, nothing last. */
export function compareCells(a: Cell, b: Cell): number {
  const none = (v: Cell) => v === null || v === undefined || v === ''
  if (none(a) || none(b)) return Number(none(a)) - Number(none(b))
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a).localeCompare(String(b), 'en', { numeric: true })
}

/** What is shown, as CSV. A cell that a spreadsheet would run begins with an apostrophe. */
export function toCsv<T>(rows: readonly T[], columns: readonly TableColumn<T>[]): string {
  const field = (cell: Cell) => {
    const raw = String(cell ?? '')
    const text = typeof cell === 'string' && /^[=+\-@\t\r]/.test(raw) ? `'${raw}` : raw
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [columns.map((c) => field(c.header)), ...rows.map((row) => columns.map((c) => field(c.value(row))))].map((line) => line.join(',')).join('\r\n')
}

/** `sort` of the address: `column` or `-column` for the other way. */
export function readSort(text: string | undefined): { id: string; desc: boolean }[] {
  return text ? [{ id: text.replace(/^-/, ''), desc: text.startsWith('-') }] : []
}

/** The next state of a column's sort: up, down, none. */
export function nextSort(now: string | undefined, id: string, numeric: boolean): string | undefined {
  const [first, second] = numeric ? [`-${id}`, id] : [id, `-${id}`]
  return now === first ? second : now === second ? undefined : first
}
