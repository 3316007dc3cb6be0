import type { Options } from './child-pool.ts'

/** Longer values are left to the engine: a statement may be 256 KiB long unless told otherwise. */
const longest = 1_000

/** Types whose values stand in a statement as they come. */
const plain = /^(?:String|UUID|U?Int(?:8|16|32|64))$/

/** A quote that no backslash precedes, found by stepping over what is escaped. */
const escapedOrQuote = /\\[\s\S]|'/g

/**
 * The statement with the values of its placeholders, as the engine itself would put them there: handing them over takes a
 * statement of its own, as long as a small question. Those used are taken from `options`; long and nested ones stay there.
 */
export function withValues(sql: string, options: Options): string {
  const used = new Set<string>()
  const text = sql.replace(/\{(\w+):([\w()]+)\}/g, (placeholder, name: string, type: string) => {
    const value = options.get(`param_${name}`)
    if (value === undefined || value.length > longest || !plain.test(type)) return placeholder
    used.add(`param_${name}`)
    // The values come escaped as in a line of tab-separated text, which is how a literal is escaped but for its quotes.
    const literal = `'${value.replace(escapedOrQuote, (found) => (found === "'" ? "\\'" : found))}'`
    return type === 'String' ? literal : `_CAST(${literal}, '${type}')`
  })
  for (const name of used) options.delete(name)
  return text
}
