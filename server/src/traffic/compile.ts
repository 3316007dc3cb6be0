import { type Column, formatIp, networkRange, PanoptesError, type Query, resolveField, type Value } from '@panoptes/contract'
import { RE2JS } from 're2js'
import { isoTime } from './rows.ts'
import { likeLiteral, Parameters } from './sql.ts'

/** A query as SQL, with placeholders of `parameters` alone. */
export interface Compiled {
  where: string
  parameters: Parameters
}

/** Columns that an index or the sort key finds by equality. */
const narrowing = /^(?:src|dst)\.(?:workload|pod|pod\.uid|ip|spiffe)$|^(?:workload|pod|pod\.uid|ip|spiffe)$|^(?:request|trace)\.id$/

/** What also has an index, though much may have the same. */
const indexed = new RegExp(`${narrowing.source}|^dst\\.service$`)

/**
 * Turns a query into a condition on the table `accesses`. Plain `path LIKE` and equalities on ids and addresses keep the
 * skip indexes usable. Throws PAN0201 for a regular expression that is none.
 */
export function compileQuery(query: Query, parameters = new Parameters()): Compiled {
  return { where: compile(query, parameters), parameters }
}

/** A query confined to a window; `condition` is the query alone. */
export function windowed(query: Query, fromUs: number, toUs: number, parameters = new Parameters()): Compiled & { condition: string } {
  const time = within(fromUs, toUs, parameters)
  const compiled = compileQuery(query, parameters)
  return { ...compiled, where: `${time} AND ${compiled.where}`, condition: compiled.where }
}

/** A span of time, half-open in microseconds. */
export const within = (fromUs: number, toUs: number, p: Parameters) => `(ts >= ${told(fromUs, p)} AND ts < ${told(toUs, p)})`

/** True where every matching row must agree on a column that an index or the sort key finds: reading is narrow at any window. */
export function isNarrow(query: Query, fields = narrowing): boolean {
  switch (query.kind) {
    case 'and':
      return query.items.some((item) => isNarrow(item, fields))
    case 'or':
      return query.items.every((item) => isNarrow(item, fields))
    case 'compare':
      return query.op === '=' && fields.test(query.field) && !(query.value.type === 'text' && query.value.parts[0] === '')
    case 'in':
      return !query.negated && fields.test(query.field)
    default:
      return false
  }
}

/**
 * The clauses of a statement on the rows of a query that meet other conditions too. What an index or the sort key finds is
 * asked first, in this order: the engine would begin with time, which it would read for every row of what the index leaves.
 */
export function clauses(query: Query, others: readonly string[], p: Parameters): string {
  const items = query.kind === 'and' ? query.items : [query]
  const first = items.filter((item) => isNarrow(item, indexed) || isLettered(item))
  const rest = items.filter((item) => !first.includes(item) && item.kind !== 'all')
  const all = (some: readonly Query[]) => some.map((item) => compile(item, p))
  return `${first.length > 0 ? `PREWHERE ${all(first).join(' AND ')} ` : ''}WHERE ${[...others, ...all(rest)].join(' AND ')}`
}

/** True where every matching row must hold a text of which the index of paths knows the letters, in groups of four. */
export function isLettered(query: Query): boolean {
  switch (query.kind) {
    case 'and':
      return query.items.some(isLettered)
    case 'or':
      return query.items.every(isLettered)
    case 'contains':
      return query.field === 'path' && !query.negated && query.parts.some((part) => part.length >= 4)
    default:
      return false
  }
}

function compile(query: Query, p: Parameters): string {
  switch (query.kind) {
    case 'all':
      return '1'
    case 'and':
    case 'or':
      return `(${query.items.map((item) => compile(item, p)).join(query.kind === 'and' ? ' AND ' : ' OR ')})`
    case 'not':
      return `NOT ${compile(query.item, p)}`
    case 'exists':
      return either(query.field, false, (column, key) => exists(column, key, p))
    case 'compare': {
      const { op, value } = query
      const negated = op === '!='
      return either(query.field, negated, (column, key) => compare(column, key, negated ? '=' : op, value, p))
    }
    case 'in':
      return either(query.field, query.negated, (column, key) => oneOf(column, key, query.values, p))
    case 'contains':
      return either(query.field, query.negated, (column, key) => like(content(column, key, p), ['', ...query.parts, ''], p))
    case 'regexp': {
      const source = checkRegexp(query.source, query.ignoreCase)
      return either(query.field, query.negated, (column, key) => `match(${content(column, key, p)}, ${p.add('String', source)})`)
    }
    case 'word':
      return word(query.parts, p)
  }
}

/** One condition on each column that a name means: any of them. */
function either(field: string, negated: boolean, condition: (column: Column, key: string | undefined) => string): string {
  const ref = resolveField(field)
  if (!ref) throw new PanoptesError('PAN0201', `there is no field “${field}”`)
  const any = ref.columns.map((column) => condition(column, ref.key)).join(' OR ')
  return negated ? `NOT (${any})` : `(${any})`
}

/** The text of a column, or of one key of a map column. */
function content(column: Column, key: string | undefined, p: Parameters): string {
  return key === undefined ? column.name : `${column.name}[${p.add('String', key)}]`
}

/** The value that stands for "absent" in a column. */
export function absentOf(column: Column): string {
  if (column.type === 'UUID') return `toUUID('00000000-0000-0000-0000-000000000000')`
  if (column.type === 'IPv6') return `toIPv6('::')`
  if (column.field === 'grpc.status') return '-1'
  return column.type === 'String' || column.type === 'LowCardinality(String)' ? `''` : '0'
}

function exists(column: Column, key: string | undefined, p: Parameters): string {
  if (key !== undefined) return `mapContains(${column.name}, ${p.add('String', key)})`
  if (column.type.startsWith('Map')) return `notEmpty(${column.name})`
  if (column.type.startsWith('DateTime')) return '1'
  return `${column.name} != ${absentOf(column)}`
}

function compare(column: Column, key: string | undefined, op: string, value: Value, p: Parameters): string {
  const name = column.name
  switch (value.type) {
    case 'text': {
      // An id that is no UUID is kept as text beside the column of UUIDs.
      const text = column.field === 'request.id' ? 'request_id_text' : content(column, key, p)
      return value.parts.length === 1 ? `${text} = ${p.add('String', value.parts[0])}` : like(text, value.parts, p)
    }
    case 'number':
      return `${name} ${op} ${p.add('Int64', value.number)}`
    case 'class':
      return `${name} BETWEEN ${p.add('UInt16', value.hundred * 100)} AND ${p.add('UInt16', value.hundred * 100 + 99)}`
    case 'ip': {
      if (value.bits === 128) return `${name} = ${p.add('IPv6', value.address)}`
      const [from, to] = networkRange(value.address, value.bits)
      return `${name} BETWEEN ${p.add('IPv6', formatIp(from))} AND ${p.add('IPv6', formatIp(to))}`
    }
    case 'uuid':
      return `${name} = ${p.add('UUID', value.uuid)}`
    case 'hex':
      return `${name} = ${p.add('UInt64', BigInt(`0x${value.hex}`).toString())}`
    case 'time':
      return `${name} ${op} ${moment(value.us, p)}`
  }
}

/** The last moment that the engine reads as text, with room to spare. */
const lastTextUs = 9e15

/** A moment to compare a column with: as text, which the planner has done with sooner than with a function of a number. */
function told(us: number, p: Parameters): string {
  return us >= 0 && us < lastTextUs ? p.add('String', isoTime(us).slice(0, 26).replace('T', ' ')) : moment(us, p)
}

/** A moment in microseconds since 1970 as a constant of the columns' type. */
export function moment(us: number, p: Parameters): string {
  return `fromUnixTimestamp64Micro(${p.add('Int64', us)}, 'UTC')`
}

function oneOf(column: Column, key: string | undefined, values: Value[], p: Parameters): string {
  const exact = values.flatMap((value) => (value.type === 'text' && value.parts.length === 1 ? [value.parts[0]!] : []))
  if (column.field !== 'request.id' && exact.length === values.length) return `${content(column, key, p)} IN ${p.add('Array(String)', exact)}`
  const uuids = values.flatMap((value) => (value.type === 'uuid' ? [value.uuid] : []))
  if (uuids.length === values.length) return `${column.name} IN ${p.add('Array(UUID)', uuids)}`
  return `(${values.map((value) => compare(column, key, '=', value, p)).join(' OR ')})`
}

function like(text: string, parts: string[], p: Parameters): string {
  return `${text} LIKE ${p.add('String', parts.map(likeLiteral).join('%').replace(/%{2,}/g, '%'))}`
}

/** A bare word: a part of the path, the host, a workload or a request id that is text; or a request or trace id as a whole. */
function word(parts: string[], p: Parameters): string {
  const around = ['', ...parts, '']
  const texts = ['path', 'host', 'src_workload', 'dst_workload', 'request_id_text'].map((name) => like(name, around, p))
  const hex = parts.join('*').replaceAll('-', '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(hex)) return `(${texts.join(' OR ')})`
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return `(${[`request_id = ${p.add('UUID', uuid)}`, `trace_id = ${p.add('UUID', uuid)}`, ...texts].join(' OR ')})`
}

/** A regular expression as both engines read it: RE2, where a dot is any character. */
export function checkRegexp(source: string, ignoreCase: boolean): string {
  const full = ignoreCase ? `(?i)${source}` : source
  try {
    RE2JS.compile(full, RE2JS.DOTALL)
  } catch (error) {
    throw new PanoptesError('PAN0201', `/${source}/ is no regular expression (RE2 syntax): ${(error as Error).message}`, { expected: 'RE2 syntax', hint: '' })
  }
  return full
}
