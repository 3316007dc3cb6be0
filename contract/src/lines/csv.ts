import { escapeText, unescapeText, unicodeEscape } from './escape.ts'

/**
 * One record of RFC 4180 on one physical line: inside the quotes a backslash escapes (\n, \\, \uXXXX). Absent is an empty
 * cell, the empty text is "". A text that a spreadsheet would take for a formula has its first character escaped.
 */
export function writeCsv(cells: readonly (string | number | undefined)[]): string {
  return cells.map(writeCell).join(',')
}

function writeCell(cell: string | number | undefined): string {
  if (cell === undefined) return ''
  if (typeof cell === 'number') return String(cell)
  const escaped = escapeText(cell).replace(/^[=+\-@]/, unicodeEscape)
  return escaped === '' || /[",\\]/.test(escaped) ? `"${escaped.replaceAll('"', '""')}"` : escaped
}

/** Reads a record that writeCsv wrote. */
export function readCsv(line: string): (string | undefined)[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted !== undefined ? unescapeText(quoted.replaceAll('""', '"')) : plain || undefined,
  )
}
