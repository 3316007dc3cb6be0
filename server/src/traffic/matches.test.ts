import { type Access, columnsByField, failedQuery, fieldNames, parseQuery, printQuery, type Query, resolveField, type Value } from '@panoptes/contract'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clauses, windowed, within } from './compile.ts'
import { errorSql } from './definitions.ts'
import { type Lab, type LabRow, openLab } from './lab.ts'
import { compilePredicate } from './matches.ts'
import { search } from './search.ts'
import { Parameters } from './sql.ts'
import { windowOf } from './window.ts'

/** Few values, so that random conditions match some rows and not others. */
const texts = ['', 'a', 'pay', 'payments', '/v1/pay', '/v1/a%b', 'a_b', 'a\\b', 'a*b', "it's", 'zürich', 'line\nbreak', '10']
const uuids = ['00000000-0000-0000-0000-000000000000', '0af76519-16cd-43dd-8448-eb211c80319c', '11111111-1111-4111-8111-111111111111']
const ips = ['::', '::ffff:10.0.0.1', '::ffff:10.9.0.1', '2001:db8::1', '::ffff:192.168.1.1']
const patterns = ['^/v1', 'a.b', 'pay(ments)?$', '[[:alpha:]]b', '\\d+', 'line.break', '^$', 'ZÜRICH', '\\bb', 'a|z']
const start = Date.parse('2026-03-01T12:00:00Z')
const window = windowOf(start - 1_000, start + 3_600_000)

function anyOf<T>(values: readonly T[], i: number, salt: string): T {
  let hash = 2_166_136_261
  for (const char of `${salt}${i}`) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619)
  return values[(hash >>> 8) % values.length]!
}

function rowOf(i: number): LabRow {
  const row: LabRow = { row: i }
  for (const column of columnsByField.values()) {
    if (column.by === 'server' || column.name === 'row') continue
    const { name, type } = column
    if (type === 'UUID') row[name] = anyOf(uuids, i, name)
    else if (type === 'IPv6') row[name] = anyOf(ips, i, name)
    else if (type.startsWith('Map')) row[name] = anyOf([{}, { 'x-a': 'a' }, { 'x-a': 'pay', 'x-b': '' }], i, name)
    else if (type.startsWith('DateTime')) row[name] = new Date(start + i * 1_000).toISOString().replace('T', ' ').replace('Z', '123')
    else if (name === 'flags') row[name] = anyOf(['', '-', 'DC', 'UF', 'UF,URX'], i, name)
    else if (name === 'span_id') row[name] = anyOf(['0', '1', '18446744073709551615'], i, name)
    else if (type === 'Int8') row[name] = anyOf([-1, 0, 14], i, name)
    else if (type.includes('Int')) row[name] = anyOf([0, 1, 200, 503, 250], i, name)
    else row[name] = anyOf(texts, i, name)
  }
  return row
}

const field = fc.constantFrom(
  ...fieldNames.filter((name) => resolveField(name)!.kind !== 'map' && !['org', 'received', 'epoch'].includes(name)),
  'req.headers.x-a',
  'req.headers.x-b',
  'tags.x-a',
  'request.id',
  'path',
  'path',
)
const parts = fc
  .oneof(
    fc.constantFrom(...texts).map((t) => [t]),
    fc.array(fc.constantFrom(...texts), { minLength: 2, maxLength: 3 }),
  )
  .map((list) => list.filter((p, i) => p !== '' || i === 0 || i === list.length - 1))

function valueFor(name: string): fc.Arbitrary<Value> {
  switch (resolveField(name)!.kind) {
    case 'ip':
      return fc.constantFrom<Value>(
        { type: 'ip', address: '10.0.0.1', bits: 128 },
        { type: 'ip', address: '10.0.0.0', bits: 104 },
        { type: 'ip', address: '::', bits: 0 },
        { type: 'ip', address: '2001:db8::', bits: 32 },
        { type: 'ip', address: '::', bits: 128 },
      )
    case 'uuid':
      return fc.constantFrom(...uuids).map((uuid): Value => ({ type: 'uuid', uuid }))
    case 'hex':
      return fc.constantFrom('0000000000000001', 'ffffffffffffffff', '0000000000000000').map((hex): Value => ({ type: 'hex', hex }))
    case 'time':
      return fc.integer({ min: 0, max: 60 }).map((s): Value => ({ type: 'time', us: (start + s * 1_000) * 1_000 + 123 }))
    case 'text':
      return parts.map((p): Value => ({ type: 'text', parts: p }))
    case 'status':
      return fc.oneof(
        fc.constantFrom(0, 200, 503).map((number): Value => ({ type: 'number', number })),
        fc.constantFrom(2, 5).map((hundred): Value => ({ type: 'class', hundred })),
      )
    default:
      return fc.constantFrom(-1, 0, 1, 200, 250, 503).map((number): Value => ({ type: 'number', number }))
  }
}

const term: fc.Arbitrary<Query> = fc.oneof(
  field.map((name): Query => ({ kind: 'exists', field: name })),
  field.chain((name) =>
    fc.tuple(valueFor(name), fc.constantFrom('=', '!=', '>', '>=', '<', '<=' as const)).map(([value, op]): Query => {
      const unordered = ['text', 'ip', 'uuid', 'hex', 'class'].includes(value.type)
      return { kind: 'compare', field: name, op: (unordered && op !== '=' ? '!=' : op) as '=', value }
    }),
  ),
  field.chain((name) =>
    fc
      .tuple(fc.array(valueFor(name), { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([values, negated]): Query => ({ kind: 'in', field: name, values, negated })),
  ),
  fc
    .tuple(
      field.filter((f) => resolveField(f)!.kind === 'text'),
      parts,
      fc.boolean(),
    )
    .map(([name, p, negated]): Query => ({ kind: 'contains', field: name, parts: p, negated })),
  fc
    .tuple(
      field.filter((f) => resolveField(f)!.kind === 'text'),
      fc.constantFrom(...patterns),
      fc.boolean(),
      fc.boolean(),
    )
    .map(([name, source, ignoreCase, negated]): Query => ({ kind: 'regexp', field: name, source, ignoreCase, negated })),
  parts.map((p): Query => ({ kind: 'word', parts: p })),
  fc.constantFrom(...uuids).map((uuid): Query => ({ kind: 'word', parts: [uuid] })),
)
const query = fc.oneof(
  { weight: 3, arbitrary: term },
  { weight: 1, arbitrary: fc.tuple(term, term).map(([a, b]): Query => ({ kind: 'or', items: [a, { kind: 'not', item: b }] })) },
  { weight: 1, arbitrary: fc.tuple(term, term).map(([a, b]): Query => ({ kind: 'and', items: [{ kind: 'not', item: a }, b] })) },
)

let lab: Lab
let all: Access[]
beforeAll(async () => {
  lab = await openLab()
  await lab.insert(
    'accesses',
    Array.from({ length: 60 }, (_, i) => rowOf(i)),
  )
  all = (await search(lab.reader(), { query: { kind: 'all' }, window, fields: [...columnsByField.keys()], limit: 1_000, order: 'oldest' })).accesses
})
afterAll(() => lab?.close())

describe('a query in JavaScript', () => {
  it('finds the same rows as in SQL', async () => {
    expect(all.length).toBe(60)
    // Many conditions at once: one statement answers a column per query.
    const queries = fc.sample(query, 600)
    const found = new Map<number, number[]>()
    for (let i = 0; i < queries.length; i += 20) {
      const some = queries.slice(i, i + 20)
      await Promise.all(
        some.map(async (q, j) => {
          const { fromUs, toUs } = window
          const { where, parameters } = windowed(q, fromUs, toUs)
          const p = new Parameters()
          const [rows, asked] = await Promise.all([
            lab.record.query<{ row: number }>(`SELECT row FROM accesses WHERE ${where} ORDER BY row`, parameters.values),
            // What an index finds first.
            lab.record.query<{ row: number }>(`SELECT row FROM accesses ${clauses(q, [within(fromUs, toUs, p)], p)} ORDER BY row`, p.values),
          ])
          expect({ query: printQuery(q), rows: asked }).toEqual({ query: printQuery(q), rows })
          found.set(
            i + j,
            rows.map((r) => r.row),
          )
        }),
      )
    }
    let some = 0
    for (const [i, q] of queries.entries()) {
      const matches = compilePredicate(q)
      const rows = all.filter(matches).map((access) => Number(access.row))
      expect({ query: printQuery(q), rows }).toEqual({ query: printQuery(q), rows: found.get(i) })
      if (rows.length > 0 && rows.length < all.length) some++
    }
    // The comparison means something only where queries divide the rows.
    expect(some).toBeGreaterThan(queries.length / 3)
  })

  it('counts as failed what the record counts as errors', async () => {
    const [row] = await lab.record.query<{ errors: number }>(`SELECT countIf${errorSql} AS errors FROM accesses`)
    const found = await search(lab.reader(), { query: parseQuery(failedQuery), window, fields: ['ts'], limit: 1_000, order: 'newest' })
    expect(found.accesses).toHaveLength(Number(row!.errors))
    expect(Number(row!.errors)).toBeGreaterThan(0)
  })

  it('refuses what RE2 does not know', () => {
    for (const source of ['(?=a)', 'a(', '(a)\\1'])
      expect(() => compilePredicate(parseQuery(`path~/${source.replaceAll('/', '\\/')}/`))).toThrow(/no regular expression/)
  })
})
