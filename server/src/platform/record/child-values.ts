import type { Options } from './child-pool.ts'

/** Longer values are left to the engine, and those for which no room is left: a statement may be 256 KiB long unless told otherwise. */
const [longest, longestStatement] = [1_000, 200_000]

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
  const left = new Set<string>()
  let room = longestStatement - sql.length
  const text = sql.replace(/\{(\w+):([\w()]+)\}/g, (placeholder, name: string, type: string) => {
    const value = options.get(`param_${name}`)
    if (value === undefined || value.length > longest || !plain.test(type)) return placeholder
    // The values come escaped as in a line of tab-separated text, which is how a literal is escaped but for its quotes.
    const literal = `'${value.replace(escapedOrQuote, (found) => (found === "'" ? "\\'" : found))}'`
    const written = type === 'String' ? literal : `_CAST(${literal}, '${type}')`
    const fits = Buffer.byteLength(written) <= room
    if (fits) room -= Buffer.byteLength(written)
    const of = fits ? used : left
    of.add(`param_${name}`)
    return fits ? written : placeholder
  })
  for (const name of used) if (!left.has(name)) options.delete(name)
  return text
}
