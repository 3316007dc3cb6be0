import type { Readable } from 'node:stream'
import type { AskOptions, Params, StreamFormat } from './ask.ts'

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
  /** True where rows are told apart by organization and origin alone: the look-up by request id knows no more. */
  readonly broad: boolean
  /**
   * That look-up as a table, and the condition of the scope on it: finding that it has the answer takes the engine as long as
   * the answer. Undefined where some rows are older than it, where another server has them, and where `broad` is false.
   */
  requests(): Promise<{ from: string; where: string } | undefined>
  /** Resolves when no reader has asked anything for a moment, or after a while: for work that can wait. */
  calm(): Promise<void>
  /** How often rows were taken away or brought back since the start, batches aside. */
  removals(): number
}

const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`
const list = (values: readonly string[]) => (values.length > 0 ? values.map(quote).join(', ') : "''")

/** Org and origin of a scope, as a condition. */
export function belongsTo({ org, origin }: Pick<RecordScope, 'org' | 'origin'>): string {
  return [`org = ${quote(org)}`, ...(origin ? [`origin = ${quote(origin)}`] : [])].join(' AND ')
}

/**
 * The engine's own row filter per table, as the setting `additional_table_filters`: it holds for every mention of the table
 * in a statement, so no statement can forget it.
 */
export function filtersOf({ org, clusters, namespaces, origin }: RecordScope, clustered: boolean): string {
  const all = [belongsTo({ org, origin })]
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
