import { type Access, columnsByField, networkRange, parseIp, type Query, resolveField, type Value } from '@panoptes/contract'
import { RE2JS } from 're2js'
import { checkRegexp } from './compile.ts'

export type Predicate = (access: Access) => boolean

/**
 * A query as a predicate on an access in JSON form: the same rows as `compileQuery` finds in SQL (a test holds both equal).
 * Made once per live view. Throws PAN0201 as compileQuery.
 */
export function compilePredicate(query: Query): Predicate {
  switch (query.kind) {
    case 'all':
      return () => true
    case 'and': {
      const items = query.items.map(compilePredicate)
      return (access) => items.every((item) => item(access))
    }
    case 'or': {
      const items = query.items.map(compilePredicate)
      return (access) => items.some((item) => item(access))
    }
    case 'not': {
      const item = compilePredicate(query.item)
      return (access) => !item(access)
    }
    case 'exists':
      return exists(query.field)
    case 'compare': {
      const negated = query.op === '!='
      return either(query.field, negated, tester(query.field, negated ? '=' : query.op, query.value))
    }
    case 'in': {
      const tests = query.values.map((value) => tester(query.field, '=', value))
      return either(query.field, query.negated, (content, text) => tests.some((test) => test(content, text)))
    }
    case 'contains': {
      const parts = ['', ...query.parts, '']
      return either(query.field, query.negated, (content) => like(String(content), parts))
    }
    case 'regexp': {
      const pattern = RE2JS.compile(checkRegexp(query.source, query.ignoreCase), RE2JS.DOTALL)
      return either(query.field, query.negated, (content) => pattern.matcher(String(content)).find())
    }
    case 'word':
      return word(query.parts)
  }
}

type Content = string | number | Record<string, string>
/** `text` is a request id that is no UUID. */
type Test = (content: Content, text: string) => boolean

function either(field: string, negated: boolean, test: Test): Predicate {
  const ref = resolveField(field)!
  return (access) => ref.columns.some((column) => test(read(access, column.field, ref.key), String(access['request.id.text'] ?? ''))) !== negated
}

/** The value of a field; absent is what the record keeps for it. */
function read(access: Access, field: string, key: string | undefined): Content {
  const content = access[field]
  if (key !== undefined) return (content as Record<string, string> | undefined)?.[key] ?? ''
  return content ?? (columnsByField.get(field)?.type.includes('Int') ? (field === 'grpc.status' ? -1 : 0) : '')
}

function exists(field: string): Predicate {
  const ref = resolveField(field)!
  return (access) =>
    ref.columns.some((column) => {
      const content = access[column.field]
      if (ref.key !== undefined) return Object.hasOwn((content ?? {}) as object, ref.key)
      if (column.type.startsWith('DateTime')) return true
      if (typeof content === 'object') return Object.keys(content).length > 0
      if (typeof content === 'number') return content !== (column.field === 'grpc.status' ? -1 : 0)
      return content !== undefined && content !== ''
    })
}

function tester(field: string, op: string, value: Value): Test {
  switch (value.type) {
    case 'text': {
      const { parts } = value
      if (field === 'request.id') return (_, text) => like(text, parts)
      return (content) => like(String(content), parts)
    }
    case 'number':
      return (content) => ordered(Number(content), op, value.number)
    case 'class':
      return (content) => Math.floor(Number(content) / 100) === value.hundred
    case 'ip': {
      const [from, to] = networkRange(value.address, value.bits)
      return (content) => {
        const address = parseIp(content === '' ? '::' : String(content))
        return address !== undefined && address >= from && address <= to
      }
    }
    case 'uuid': {
      const hex = value.uuid.replaceAll('-', '')
      return (content) => (content === '' ? '0'.repeat(32) : String(content).replaceAll('-', '')) === hex
    }
    case 'hex':
      return (content) => (content === '' ? '0'.repeat(16) : content) === value.hex
    case 'time':
      return (content) => ordered(microseconds(String(content)), op, value.us)
  }
}

function ordered(a: number, op: string, b: number): boolean {
  switch (op) {
    case '>':
      return a > b
    case '>=':
      return a >= b
    case '<':
      return a < b
    case '<=':
      return a <= b
    default:
      return a === b
  }
}

/** Microseconds since 1970 of a time as the API writes it. */
export function microseconds(time: string): number {
  const fraction = /\.(\d{1,6})/.exec(time)?.[1] ?? ''
  return Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(fraction.padEnd(6, '0'))
}

/** LIKE with a % between the parts. */
function like(text: string, parts: string[]): boolean {
  const first = parts[0]!
  const last = parts.at(-1)!
  if (parts.length === 1) return text === first
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  const end = text.length - last.length
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

function word(parts: string[]): Predicate {
  const around = ['', ...parts, '']
  const hex = parts.join('*').replaceAll('-', '').toLowerCase()
  const id = /^[0-9a-f]{32}$/.test(hex)
  const same = (content: unknown) => String(content || '0'.repeat(32)).replaceAll('-', '') === hex
  return (access) =>
    (id && (same(access['request.id']) || same(access['trace.id']))) ||
    ['path', 'host', 'src.workload', 'dst.workload', 'request.id.text'].some((field) => like(String(access[field] ?? ''), around))
}
