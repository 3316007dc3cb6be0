import type { Options } from './child-pool.ts'

/** Longer values are left to the engine, and those for which no room is left: a statement may be 256 KiB long unless told otherwise. */
const [longest, longestStatement] = [1_000, 200_000]

/** Types whose values stand in a statement as they come. */
const plain = /^(?:String|UUID|U?Int(?:8|16|32|64))$/

/** A quote that no backslash precedes, found by stepping over what is escaped. */
const escapedOrQuote = /\\[\s\S]|'/g

/**
 * The statement with the values of its placeholders, as the engine itself would put them there: handing them over takes a
 * statement of its own, as long as a small question. Long and nested ones stay in `options`, all others are taken from it.
 */
export function withValues(sql: string, options: Options): string {
  const left = new Set<string>()
  let room = longestStatement - sql.length
  const text = sql.replace(/\{(\w+):([^{}]+)\}/g, (placeholder, name: string, type: string) => {
    const value = options.get(`param_${name}`)
    if (value !== undefined && value.length <= longest && plain.test(type)) {
      // The values come escaped as in a line of tab-separated text, which is how a literal is escaped but for its quotes.
      const literal = `'${value.replace(escapedOrQuote, (found) => (found === "'" ? "\\'" : found))}'`
      const written = type === 'String' ? literal : `_CAST(${literal}, '${type}')`
      const bytes = Buffer.byteLength(written)
      if (bytes <= room) {
        room -= bytes
        return written
      }
    }
    left.add(`param_${name}`)
    // The engine puts it there.
    return placeholder
  })
  for (const name of options.keys()) if (name.startsWith('param_') && !left.has(name)) options.delete(name)
  return text
}
