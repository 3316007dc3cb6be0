import { completeQuery, printText, type Query, type Suggestion } from '@panoptes/contract'
import { facets } from './facets.ts'
import type { Reader } from './reader.ts'
import type { TimeWindow } from './window.ts'

/** What may follow at a place of a query: fields, operators and keywords from the language, values from the record. */
export async function completion(
  reader: Reader,
  text: string,
  position: number,
  window: TimeWindow,
  signal?: AbortSignal,
): Promise<{ from: number; to: number; suggestions: Suggestion[] }> {
  const { from, to, suggestions, valuesOf } = completeQuery(text, position)
  if (!valuesOf) return { from, to, suggestions }
  const { field, typed } = valuesOf
  // Values of text are narrowed in the record, where there may be millions; other kinds are filtered here.
  const query: Query =
    field.kind === 'text' && typed !== ''
      ? { kind: 'compare', field: field.field, op: '=', value: { type: 'text', parts: ['', typed, ''].filter((p, i) => i !== 1 || p) } }
      : { kind: 'all' }
  const [found] = await facets(reader, { query, window, fields: [field.field], limit: 50, signal })
  const values = found!.values
    .filter(({ value }) => value !== '' && value.toLowerCase().includes(typed.toLowerCase()))
    .map(({ value, count }): Suggestion => ({ text: printText([value]), kind: 'value', detail: `${count}` }))
  return { from, to, suggestions: [...suggestions, ...values].slice(0, 50) }
}
