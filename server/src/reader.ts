import type { AskOptions, RecordStore } from './platform/record/index.ts'
import type { Reader, Scope } from './traffic/index.ts'

const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`
const list = (names: readonly string[]) => names.map(quote).join(', ')

/**
 * The record as one scope may see it: the engine itself adds the condition to every table of every statement, so that no
 * query can forget it.
 */
export function readerOf(record: RecordStore, { org, clusters, namespaces, origin }: Scope): Reader {
  const always = [`org = ${quote(org)}`]
  if (clusters) always.push(clusters.length > 0 ? `cluster IN (${list(clusters)})` : '0')
  if (origin) always.push(`origin = ${quote(origin)}`)
  const either = namespaces ? [`(src_namespace IN (${list(namespaces)}) OR dst_namespace IN (${list(namespaces)}))`] : []
  const filters = { accesses: [...always, ...either], proxy_counters: always, gaps: always, batches: always }
  const entries = Object.entries(filters).map(([table, parts]) => `${quote(table)}: ${quote(parts.join(' AND '))}`)
  const confined = (options: AskOptions = {}): AskOptions => ({
    ...options,
    settings: { ...options.settings, additional_table_filters: `{${entries.join(', ')}}` },
  })
  return {
    query: (sql, params, options) => record.query(sql, params, confined(options)),
    columns: (sql, params, options) => record.columns(sql, params, confined(options)),
    stream: (sql, format, params, options) => record.stream(sql, format, params, confined(options)),
  }
}
