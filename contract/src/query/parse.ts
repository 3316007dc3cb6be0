import { type CompareOperator, join, type Query, type Value } from './ast.ts'
import { QueryError } from './error.ts'
import { type FieldRef, fieldNames, nearest, resolveField } from './fields.ts'
import { Reader } from './reader.ts'
import { expectedOf, type RawValue, readValue } from './values.ts'

const limits = { length: 10_000, depth: 100, terms: 500 } as const

/**
 * Reads a query, as `src.workload=payments AND status>=500 AND path~"/v1/"`. Empty text asks for everything.
 * Throws QueryError (PAN0201) that points at the place.
 */
export function parseQuery(text: string): Query {
  if (text.length > limits.length) {
    throw new QueryError({
      start: limits.length,
      end: text.length,
      problem: 'the query is too long',
      expected: `at most ${limits.length} characters`,
      hint: '',
    })
  }
  return new Parser(text).parse()
}

class Parser {
  private readonly reader: Reader
  private depth = 0
  private terms = 0

  constructor(text: string) {
    this.reader = new Reader(text)
  }

  parse(): Query {
    this.reader.skipSpace()
    if (this.reader.atEnd()) return { kind: 'all' }
    const query = this.alternatives()
    if (!this.reader.atEnd()) {
      const at = this.reader.position
      throw this.error(
        at,
        at + 1,
        `“${this.reader.peek()}” does not belong here`,
        'AND, OR or the end',
        this.reader.peek() === ')' ? 'there is no “(” for it' : '',
      )
    }
    return query
  }

  private alternatives(): Query {
    const items = [this.conjunction()]
    while (this.reader.keyword('OR')) items.push(this.conjunction())
    return join('or', items)
  }

  private conjunction(): Query {
    const items = [this.negation()]
    for (;;) {
      this.reader.skipSpace()
      if (this.reader.keyword('AND')) items.push(this.negation())
      // Two terms beside each other are both asked for.
      else if (!this.reader.atEnd() && this.reader.peek() !== ')' && !this.reader.sees('OR')) items.push(this.negation())
      else return join('and', items)
    }
  }

  private negation(): Query {
    if (!this.reader.keyword('NOT')) return this.term()
    this.descend()
    const item = this.negation()
    this.depth--
    return { kind: 'not', item }
  }

  private term(): Query {
    this.reader.skipSpace()
    const start = this.reader.position
    if (++this.terms > limits.terms) throw this.error(start, start + 1, 'the query has too many terms', `at most ${limits.terms}`, 'use IN (…) for many values')
    if (this.reader.take('(')) {
      this.descend()
      const inner = this.alternatives()
      this.depth--
      this.reader.skipSpace()
      if (!this.reader.take(')')) throw this.error(start, this.reader.position, 'this “(” is never closed', '“)”', '')
      return inner
    }
    const word = this.reader.word()
    if (!word) {
      const next = this.reader.peek()
      const problem = next === '' ? 'the query ends too early' : `“${next}” does not belong here`
      throw this.error(start, start + Math.max(1, next.length), problem, 'a field, a word or “(”', '')
    }
    const end = this.reader.position
    const operator = this.reader.operator()
    if (operator !== undefined) return this.condition(this.field(word, start, end), operator, start)
    const key = word.parts.length === 1 ? word.parts[0]! : ''
    if (this.reader.take(':*')) return { kind: 'exists', field: this.field(word, start, end, true).field }
    if (!word.quoted && key.includes(':')) this.refuseColon(key, start)
    if (!word.quoted && /^(and|or|in)$/i.test(word.text))
      throw this.error(start, end, `${word.text} needs something before it`, 'a field or a word', 'put it in quotes to search for it')
    return { kind: 'word', parts: word.parts }
  }

  private condition(ref: FieldRef, operator: string, start: number): Query {
    const { field } = ref
    if (operator === 'IN' || operator === 'NOT IN') return { kind: 'in', field, values: this.list(ref), negated: operator !== 'IN' }
    if (operator === '~' || operator === '!~') {
      const negated = operator === '!~'
      if (ref.kind !== 'text')
        throw this.error(start, this.reader.position, `${field} takes no ${operator}`, `${operatorsOf(ref)} with ${expectedOf[ref.kind]}`, '')
      const regexp = this.reader.regexp()
      if (regexp) return { kind: 'regexp', field, ...regexp, negated }
      return { kind: 'contains', field, parts: this.raw(ref).parts, negated }
    }
    if (ref.kind === 'text' && operator !== '=' && operator !== '!=') {
      throw this.error(start, this.reader.position, `${field} is text and has no order`, operatorsOf(ref), '')
    }
    if ((ref.kind === 'ip' || ref.kind === 'uuid' || ref.kind === 'hex') && operator !== '=' && operator !== '!=') {
      throw this.error(
        start,
        this.reader.position,
        `${field} takes no ${operator}`,
        operatorsOf(ref),
        ref.kind === 'ip' ? 'a network is asked for as 10.0.0.0/8' : '',
      )
    }
    const value = this.value(ref)
    if (value.type === 'class' && operator !== '=' && operator !== '!=') {
      throw this.error(start, this.reader.position, 'a class of statuses has no order', '= or !=', `${field}${operator}${value.hundred}00`)
    }
    return { kind: 'compare', field, op: operator as CompareOperator, value }
  }

  private list(ref: FieldRef): Value[] {
    this.reader.skipSpace()
    const start = this.reader.position
    if (!this.reader.take('(')) throw this.error(start, start + 1, 'IN needs a list', '“(”', `${ref.field} IN (a, b)`)
    const values: Value[] = []
    do {
      values.push(this.value(ref))
      this.reader.skipSpace()
    } while (this.reader.take(','))
    if (!this.reader.take(')')) throw this.error(start, this.reader.position + 1, 'this list is never closed', '“,” or “)”', '')
    if (values.length > 1000) throw this.error(start, this.reader.position, 'the list is too long', 'at most 1000 values', '')
    return values
  }

  private value(ref: FieldRef): Value {
    this.reader.skipSpace()
    const start = this.reader.position
    const raw = this.raw(ref)
    const value = readValue(ref, raw)
    if (value) return value
    throw this.error(
      start,
      this.reader.position,
      `“${raw.text}” is no value of ${ref.field}`,
      expectedOf[ref.kind],
      ref.kind === 'duration' || ref.kind === 'bytes' ? 'mind the unit' : '',
    )
  }

  private raw(ref: FieldRef): RawValue {
    this.reader.skipSpace()
    const raw = this.reader.value()
    if (raw) return raw
    const at = this.reader.position
    throw this.error(at, at + 1, 'a value is missing', expectedOf[ref.kind], 'put texts with spaces, commas or parentheses in quotes')
  }

  private field(word: RawValue, start: number, end: number, wholeMap = false): FieldRef {
    const ref = resolveField(word.text)
    if (ref && (ref.kind !== 'map' || wholeMap)) return ref
    if (ref) throw this.error(start, end, `${word.text} needs a key`, expectedOf.map, '')
    const near = nearest(word.text, fieldNames)
    throw this.error(
      start,
      end,
      `there is no field “${word.text}”`,
      'the name of a field',
      near ? `did you mean “${near}”?` : 'see docs/record.md for all fields',
    )
  }

  /** `status:500` is how other tools write it: say what we write. */
  private refuseColon(word: string, start: number): void {
    const colon = word.indexOf(':')
    const name = word.slice(0, colon)
    if (resolveField(name))
      throw this.error(start + colon, start + colon + 1, 'a field is compared with =', operatorsOf(resolveField(name)!), `${name}=${word.slice(colon + 1)}`)
  }

  private descend(): void {
    const at = this.reader.position
    if (++this.depth > limits.depth) throw this.error(at - 1, at, 'the query is nested too deeply', `at most ${limits.depth} levels`, '')
  }

  private error(start: number, end: number, problem: string, expected: string, hint: string): QueryError {
    return new QueryError({ start, end: Math.max(end, start + 1), problem, expected, hint })
  }
}

/** The operators a field takes, for messages. */
function operatorsOf(ref: FieldRef): string {
  switch (ref.kind) {
    case 'text':
      return '=, !=, ~, !~ or IN'
    case 'ip':
    case 'uuid':
    case 'hex':
      return '=, != or IN'
    default:
      return '=, !=, >, >=, <, <= or IN'
  }
}
