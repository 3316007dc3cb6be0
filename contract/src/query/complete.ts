import { columnsByField, eitherSide, type FieldRef, fieldNames, resolveField } from './fields.ts'

export interface Suggestion {
  text: string
  kind: 'field' | 'operator' | 'value' | 'keyword'
  detail: string
}

/** What may stand at a place: replace [from, to) by a suggestion. `valuesOf` asks the caller for values of that field that begin with `typed`. */
export interface Completion {
  from: number
  to: number
  suggestions: Suggestion[]
  valuesOf?: { field: FieldRef; typed: string }
}

const keywords: Suggestion[] = [
  { text: 'AND', kind: 'keyword', detail: 'both' },
  { text: 'OR', kind: 'keyword', detail: 'either' },
]
const not: Suggestion = { text: 'NOT', kind: 'keyword', detail: 'the opposite' }
const operatorDetails: Record<string, string> = {
  '=': 'equals; * is a wildcard',
  '!=': 'differs',
  '~': 'contains, or /regular expression/',
  '!~': 'does not contain',
  '>': 'more than',
  '>=': 'at least',
  '<': 'less than',
  '<=': 'at most',
  ':*': 'is there',
  ' IN (': 'one of a list',
}
const ordered = ['=', '!=', '>', '>=', '<', '<=', ' IN (', ':*']
const operatorsByKind: Record<FieldRef['kind'], string[]> = {
  text: ['=', '!=', '~', '!~', ' IN (', ':*'],
  ip: ['=', '!=', ' IN (', ':*'],
  uuid: ['=', '!=', ' IN (', ':*'],
  hex: ['=', '!=', ' IN (', ':*'],
  map: [':*'],
  number: ordered,
  duration: ordered,
  bytes: ordered,
  status: ordered,
  time: ordered,
}

/** Suggests what may follow at a place of a query, complete or not. Never throws. */
export function completeQuery(text: string, position: number): Completion {
  const at = Math.max(0, Math.min(position, text.length))
  const head = text.slice(0, at)
  const value = /(?:^|[\s(])([\w.-]+)\s*(?:!=|!~|>=|<=|=|>|<|~)\s*("(?:[^"\\]|\\.)*|[^\s(),"]*)$/.exec(head)
  const inList = /(?:^|[\s(])([\w.-]+)\s+(?:NOT\s+)?IN\s*\((?:[^()"]|"(?:[^"\\]|\\.)*")*?\s*("(?:[^"\\]|\\.)*|[^\s(),"]*)$/i.exec(head)
  const found = value ?? inList
  const ref = found ? resolveField(found[1]!) : undefined
  if (found && ref) {
    const typed = found[2]!
    return {
      from: at - typed.length,
      to: endOf(text, at, /[^\s(),"]/),
      suggestions: fixedValues(ref, typed),
      valuesOf: { field: ref, typed: typed.replace(/^"/, '') },
    }
  }
  const word = /[\w.-]*$/.exec(head)![0]
  const before = head.slice(0, head.length - word.length)
  if (insideQuotes(before)) return { from: at, to: at, suggestions: [] }
  const exact = resolveField(word)
  const to = endOf(text, at, /[\w.-]/)
  if (word === '' && /[^\s(]\s+$/.test(before) && !/(?:^|[\s()])(?:and|or|not)\s+$/i.test(before)) {
    const previous = resolveField(/[\w.-]+(?=\s+$)/.exec(before)?.[0] ?? '')
    return { from: at, to: at, suggestions: previous ? operators(previous) : [...keywords, not] }
  }
  if (exact && to === at) return { from: at, to: at, suggestions: [...operators(exact), ...names(word, at - word.length).filter((s) => s.text !== word)] }
  return { from: at - word.length, to, suggestions: names(word, at - word.length) }
}

function names(word: string, from: number): Suggestion[] {
  const lower = word.toLowerCase()
  const fields = fieldNames
    .filter((name) => name.startsWith(lower) || (lower !== '' && name.split('.').some((part) => part.startsWith(lower))))
    .sort((a, b) => Number(b.startsWith(lower)) - Number(a.startsWith(lower)))
    .map((name): Suggestion => ({ text: name, kind: 'field', detail: detailOf(name) }))
  const words = [not, ...(from > 0 ? keywords : [])].filter((k) => lower !== '' && k.text.toLowerCase().startsWith(lower))
  return [...words, ...fields]
}

function detailOf(name: string): string {
  if ((eitherSide as readonly string[]).includes(name)) return 'either side'
  return columnsByField.get(name)?.description ?? ''
}

function operators(ref: FieldRef): Suggestion[] {
  return operatorsByKind[ref.kind].map((text) => ({ text, kind: 'operator', detail: operatorDetails[text]! }))
}

function fixedValues(ref: FieldRef, typed: string): Suggestion[] {
  const values =
    ref.kind === 'status' ? ['2xx', '3xx', '4xx', '5xx'] : ref.kind === 'duration' ? ['10ms', '100ms', '1s'] : ref.kind === 'bytes' ? ['10KiB', '1MiB'] : []
  return values.filter((v) => v.startsWith(typed)).map((text) => ({ text, kind: 'value', detail: ref.kind }))
}

function endOf(text: string, at: number, pattern: RegExp): number {
  let end = at
  while (end < text.length && pattern.test(text[end]!)) end++
  return end
}

function insideQuotes(text: string): boolean {
  return (text.replace(/\\./g, '').match(/"/g)?.length ?? 0) % 2 === 1
}
