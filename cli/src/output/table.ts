import { stripVTControlCharacters } from 'node:util'
import { cellText } from './text.ts'

export interface TableColumn<Row> {
  title: string
  value(row: Row): unknown
  /** Numbers stand at the right. */
  right?: boolean
  /** Colours a cell that was cut and filled already. */
  paint?(text: string, row: Row): string
}

const gap = 2
const narrowest = 6

/** Lines of a table that fits `width` columns (0 = as wide as it is): the widest columns give way first. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[], width: number, head: (text: string) => string): string[] {
  const cells = rows.map((row) => columns.map((column) => cellText(column.value(row))))
  const widths = columns.map((column, i) => Math.max(column.title.length, ...cells.map((line) => widthOf(line[i]!))))
  if (width > 0) shrink(widths, width - gap * (columns.length - 1))
  const line = (texts: readonly string[], paint: (text: string, i: number) => string) =>
    texts
      .map((text, i) => paint(fit(text, widths[i]!, columns[i]!.right ?? false, i === columns.length - 1), i))
      .join(' '.repeat(gap))
      .trimEnd()
  const titles = columns.map((column) => column.title.toUpperCase())
  return [line(titles, head), ...cells.map((texts, r) => line(texts, (text, i) => columns[i]!.paint?.(text, rows[r]!) ?? text))]
}

function shrink(widths: number[], room: number): void {
  let over = widths.reduce((sum, w) => sum + w, 0) - room
  while (over > 0) {
    const widest = Math.max(...widths)
    if (widest <= narrowest) return
    widths[widths.lastIndexOf(widest)]!--
    over--
  }
}

function fit(text: string, width: number, right: boolean, last: boolean): string {
  const long = widthOf(text)
  if (long > width) return `${[...text].slice(0, Math.max(0, width - 1)).join('')}…`
  if (right) return ' '.repeat(width - long) + text
  return last ? text : text + ' '.repeat(width - long)
}

const widthOf = (text: string): number => [...stripVTControlCharacters(text)].length
