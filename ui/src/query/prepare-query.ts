import { PanoptesError, parseQuery, QueryError } from '@panoptes/contract'

export interface Squiggle {
  start: number
  end: number
  message: string
}

/** Where a query cannot be understood, or undefined. `end` is at least one past `start`. */
export function squiggleOf(text: string): Squiggle | undefined {
  try {
    parseQuery(text)
    return undefined
  } catch (error) {
    if (error instanceof QueryError) return { start: error.start, end: Math.max(error.end, error.start + 1), message: error.message }
    return { start: 0, end: Math.max(1, text.length), message: error instanceof PanoptesError ? error.message : String(error) }
  }
}

/** The values that hold what was typed, in any case: what the record itself is asked for. */
export function matching<S extends { text: string }>(values: readonly S[], typed: string): S[] {
  return values.filter((v) => v.text.toLowerCase().includes(typed.toLowerCase()))
}

/** The text with [from, to) replaced by a suggestion, and where the caret stands then. */
export function accept(text: string, from: number, to: number, suggestion: { text: string; kind: string }): { text: string; caret: number } {
  const tail = text.slice(to)
  const space = (suggestion.kind === 'value' || suggestion.kind === 'keyword') && !/^[\s)]/.test(tail) ? ' ' : ''
  const inserted = `${suggestion.text}${space}`
  return { text: `${text.slice(0, from)}${inserted}${tail}`, caret: from + inserted.length }
}
