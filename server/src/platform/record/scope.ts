import type { Readable } from 'node:stream'
import type { AskOptions, Params, StreamFormat } from './ask.ts'
import type { Lookup } from './schema/storage.ts'

/** Whose rows may be seen. */
export interface RecordScope {
  org: string
  /** Absent = all of the organization. */
  clusters?: readonly string[]
  namespaces?: readonly string[]
  origin?: 'user' | 'demo'
}

export interface RecordReader {
  query<T>(sql: string, params?: Params, options?: AskOptions): Promise<T[]>
  columns<T extends { [column: string]: unknown[] }>(sql: string, params?: Params, options?: AskOptions): Promise<T>
  stream(sql: string, format: StreamFormat, params?: Params, options?: AskOptions): Promise<Readable>
  /** True where rows are told apart by organization and origin alone: the roll-ups of minutes and of request ids know no more. */
  readonly broad: boolean
  /**
   * A look-up as a table, of all rows, whosever they are: it tells where to look, and a statement on the rows what there is for
   * the scope. Undefined where some rows are older than it; absent where another server has them.
   */
  lookup?(name: Lookup): Promise<string | undefined>
  /** Resolves when no reader has asked anything for a moment, or after a while: for work that can wait. */
  calm(): Promise<void>
  /** How often rows were taken away or brought back since the start, batches aside. */
  removals(): number
}

const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`
const list = (values: readonly string[]) => (values.length > 0 ? values.map(quote).join(', ') : "''")

/**
 * The engine's own row filter per table, as the setting `additional_table_filters`: it holds for every mention of the table
 * in a statement, so no statement can forget it.
 */
export function filtersOf({ org, clusters, namespaces, origin }: RecordScope, clustered: boolean): string {
  const all = [`org = ${quote(org)}`]
  if (origin) all.push(`origin = ${quote(origin)}`)
  if (clusters) all.push(`cluster IN (${list(clusters)})`)
  const ends = namespaces ? [`(src_namespace IN (${list(namespaces)}) OR dst_namespace IN (${list(namespaces)}))`] : []
  const own = namespaces ? [`namespace IN (${list(namespaces)})`] : []
  const filters: { [table: string]: string } = {
    accesses: [...all, ...ends].join(' AND '),
    proxy_counters: all.join(' AND '),
    gaps: all.join(' AND '),
    ...Object.fromEntries(['containers', 'objects', 'ip_leases', 'decisions'].map((table) => [table, [...all, ...own].join(' AND ')])),
    batches: all.join(' AND '),
  }
  const names = (table: string) => (clustered ? [table, `${table}_local`] : [table, `panoptes.${table}`])
  const entries = Object.entries(filters).flatMap(([table, filter]) => names(table).map((name) => `${quote(name)}: ${quote(filter)}`))
  return `{${entries.join(', ')}}`
}
