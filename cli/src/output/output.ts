import { styleText } from 'node:util'
import { stringify } from 'yaml'
import { csvLine } from './csv.ts'
import { renderTable, type TableColumn } from './table.ts'
import { cellText } from './text.ts'

export const formats = ['table', 'json', 'yaml', 'ndjson', 'csv'] as const
export type Format = (typeof formats)[number]
export type Style = Parameters<typeof styleText>[0]

export interface OutputOptions {
  format: Format
  quiet: boolean
  color: boolean
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
}

/** Data goes to standard output in the asked format, talk to standard error. */
export class Output {
  readonly format: Format
  private readonly options: OutputOptions

  constructor(options: OutputOptions) {
    this.options = options
    this.format = options.format
  }

  /** True where a person reads the data on a terminal. */
  get onTerminal(): boolean {
    return this.options.stdout.isTTY === true
  }

  /** A list: a table for people, else every row as it is. `empty` teaches what to do when there is none. */
  list<Row extends object>(rows: readonly Row[], columns: readonly TableColumn<NoInfer<Row>>[], empty = 'Nothing found.'): void {
    switch (this.format) {
      case 'table': {
        if (rows.length === 0) {
          this.say(empty)
          return
        }
        const width = this.onTerminal ? this.options.stdout.columns : 0
        for (const line of renderTable(rows, columns, width, (text) => this.style('bold', text))) this.line(line)
        return
      }
      case 'csv':
        if (rows.length > 0) this.line(csvLine(fieldsOf(rows)))
        for (const row of rows) this.line(csvLine(fieldsOf(rows).map((name) => (row as Record<string, unknown>)[name])))
        return
      case 'ndjson':
        for (const row of rows) this.line(JSON.stringify(row))
        return
      default:
        this.whole(rows)
    }
  }

  /** One thing: names and values for people, else as it is. `shown` chooses and words what people see. */
  show(thing: object, shown: readonly (readonly [string, unknown])[] = Object.entries(thing)): void {
    if (this.format === 'table') {
      const width = Math.max(...shown.map(([name]) => name.length))
      for (const [name, value] of shown) this.line(`${this.style('bold', name.padEnd(width))}  ${cellText(value)}`.trimEnd())
    } else if (this.format === 'csv') this.list([thing], [])
    else this.whole(thing)
  }

  /** JSON or YAML as one document; ndjson as one line. */
  private whole(data: unknown): void {
    if (this.format === 'yaml') this.write(stringify(data))
    else this.line(this.format === 'ndjson' ? JSON.stringify(data) : JSON.stringify(data, null, 2))
  }

  line(text: string): void {
    this.write(`${text}\n`)
  }

  write(text: string | Uint8Array): boolean {
    return this.options.stdout.write(text)
  }

  /** A sentence for people, on standard error; left out with --quiet. */
  say(text: string): void {
    if (!this.options.quiet) this.options.stderr.write(`${text}\n`)
  }

  /** Something that must be read, also with --quiet. */
  warn(text: string): void {
    this.options.stderr.write(`${text}\n`)
  }

  /** A line that overwrites itself, on a terminal only; the empty text removes it. */
  progress(text: string): void {
    if (this.options.stderr.isTTY && !this.options.quiet) this.options.stderr.write(`\r\u001b[K${text}`)
  }

  clear(): void {
    if (this.onTerminal) this.write('\u001b[H\u001b[2J\u001b[3J')
  }

  style(style: Style, text: string): string {
    return this.options.color ? styleText(style, text, { validateStream: false }) : text
  }
}

function fieldsOf(rows: readonly object[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))]
}
