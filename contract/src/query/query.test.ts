import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { join, type Query, type Value } from './ast.ts'
import { completeQuery, fieldNames, parseQuery, printQuery, QueryError, resolveField } from './index.ts'

const parts = fc
  .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('/v1/', 'a*b', '"', '\\', '\n', '\u2028', 'AND', 'x y', '-1')), {
    minLength: 1,
    maxLength: 3,
  })
  .map((list) => list.filter((p, i) => p !== '' || i === 0 || i === list.length - 1))
const whole = fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER })

function valueFor(field: string): fc.Arbitrary<Value> {
  switch (resolveField(field)!.kind) {
    case 'ip':
      return fc.constantFrom<Value>(
        { type: 'ip', address: '10.0.0.0', bits: 104 },
        { type: 'ip', address: '10.1.2.3', bits: 128 },
        { type: 'ip', address: '2001:db8::', bits: 32 },
      )
    case 'uuid':
      return fc.uuid().map((uuid): Value => ({ type: 'uuid', uuid }))
    case 'hex':
      return fc.nat().map((n): Value => ({ type: 'hex', hex: n.toString(16).padStart(16, '0') }))
    case 'time':
      return fc.integer({ min: 0, max: 8_000_000_000_000_000 }).map((us): Value => ({ type: 'time', us }))
    case 'status':
      return fc.oneof(
        whole.map((number): Value => ({ type: 'number', number })),
        fc.integer({ min: 1, max: 9 }).map((hundred): Value => ({ type: 'class', hundred })),
      )
    case 'text':
      return parts.map((p): Value => ({ type: 'text', parts: p }))
    default:
      return whole.map((number): Value => ({ type: 'number', number }))
  }
}

const named = fc.oneof(
  fc.constantFrom(...fieldNames.filter((f) => resolveField(f)!.kind !== 'map')),
  fc.constantFrom('req.headers.x-tenant', 'resp.headers.etag', 'tags.a b', 'tags."', 'tags.a.b/c'),
)
const textual = named.filter((f) => resolveField(f)!.kind === 'text')
const term: fc.Arbitrary<Query> = fc.oneof(
  named.map((field): Query => ({ kind: 'exists', field })),
  named.chain((field) =>
    fc
      .tuple(valueFor(field), fc.constantFrom('=', '!=', '>', '>=', '<', '<=' as const))
      .map(([value, op]): Query => ({ kind: 'compare', field, op: ['text', 'ip', 'uuid', 'hex', 'class'].includes(value.type) ? '!=' : (op as '='), value })),
  ),
  fc.tuple(textual, parts, fc.boolean()).map(([field, p, negated]): Query => ({ kind: 'contains', field, parts: p, negated })),
  fc
    .tuple(textual, fc.constantFrom('a/b', '^/v1/.*$', 'a\\.b', '(x|y) z', '\\\\', 'a"b'), fc.boolean(), fc.boolean())
    .map(([field, source, ignoreCase, negated]): Query => ({ kind: 'regexp', field, source, ignoreCase, negated })),
  named.chain((field) =>
    fc
      .tuple(fc.array(valueFor(field), { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([values, negated]): Query => ({ kind: 'in', field, values, negated })),
  ),
  parts.map((p): Query => ({ kind: 'word', parts: p })),
)
const query = fc.letrec<{ query: Query }>((tie) => ({
  query: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    term,
    fc.array(tie('query'), { minLength: 2, maxLength: 3 }).map((items) => join('and', items)),
    fc.array(tie('query'), { minLength: 2, maxLength: 3 }).map((items) => join('or', items)),
    tie('query').map((item): Query => ({ kind: 'not', item })),
  ),
})).query

describe('the query language', () => {
  it('reads what it prints', () => {
    fc.assert(
      fc.property(query, (q) => {
        expect(parseQuery(printQuery(q))).toEqual(q)
      }),
      { numRuns: 2_000 },
    )
  })

  it('never throws anything but a QueryError that points into the text', () => {
    const pieces = fc.constantFrom(
      'status',
      '=',
      '>=',
      '~',
      '/',
      '(',
      ')',
      '"',
      'AND',
      'NOT',
      'IN',
      ',',
      '*',
      ':',
      ' ',
      '500',
      'src.pod',
      '\\',
      'x',
      'req.headers.',
      '10.0.0.0/8',
    )
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 12 }).map((p) => p.join('')),
    )
    fc.assert(
      fc.property(text, (t) => {
        try {
          printQuery(parseQuery(t))
        } catch (error) {
          expect(error).toBeInstanceOf(QueryError)
          const { start, end } = error as QueryError
          expect(start).toBeGreaterThanOrEqual(0)
          expect(end).toBeGreaterThan(start)
        }
        const { from, to } = completeQuery(t, t.length)
        expect(from).toBeLessThanOrEqual(to)
      }),
      { numRuns: 5_000 },
    )
  })

  it('understands the field’s style', () => {
    const same = (a: string, b: string) => expect(parseQuery(a)).toEqual(parseQuery(b))
    expect(parseQuery('')).toEqual({ kind: 'all' })
    expect(parseQuery('src.workload=payments AND status>=500 AND path~"/v1/"')).toEqual({
      kind: 'and',
      items: [
        { kind: 'compare', field: 'src.workload', op: '=', value: { type: 'text', parts: ['payments'] } },
        { kind: 'compare', field: 'status', op: '>=', value: { type: 'number', number: 500 } },
        { kind: 'contains', field: 'path', parts: ['/v1/'], negated: false },
      ],
    })
    same('a b', 'a AND b')
    same('a or b and c', 'a OR (b AND c)')
    same('duration>250ms', 'duration>250000us')
    same('duration > 1.5s', 'duration>1500ms')
    same('resp.body.bytes>1MiB', 'resp.body.bytes>1048576')
    same('mtls=true', 'mtls=1')
    same('dst.ip=10.1.2.3/8', 'dst.ip=10.0.0.0/8')
    same('ip=::ffff:10.1.2.3', 'ip=10.1.2.3')
    same('trace.id=0AF7651916CD43DD8448EB211C80319C', 'trace.id=0af76519-16cd-43dd-8448-eb211c80319c')
    same('ts>=2026-03-01T12:00:00+01:00', 'ts>=2026-03-01T11:00:00Z')
    same('req.headers.X-Tenant=a', 'req.headers.x-tenant=a')
    same('status not in (500, 5xx)', 'status NOT IN (500,5XX)')
    expect(parseQuery('path~/v1/ledger')).toMatchObject({ kind: 'contains', parts: ['/v1/ledger'] })
    expect(parseQuery('path~/^/v1/[a-z]+/i')).toMatchObject({ kind: 'regexp', source: '^/v1/[a-z]+', ignoreCase: true })
    expect(parseQuery('path=/v1/*/pay')).toMatchObject({ value: { parts: ['/v1/', '/pay'] } })
    expect(parseQuery('path="/v1/\\*"')).toMatchObject({ value: { parts: ['/v1/*'] } })
    expect(parseQuery('referer:*'.replace('referer', 'grpc.status'))).toEqual({ kind: 'exists', field: 'grpc.status' })
  })

  it.each([
    ['src.worklod=a', 0, 11, /did you mean “src.workload”/],
    ['workload=a AND statsu=5', 15, 21, /did you mean “status”/],
    ['status>=fast', 8, 12, /expected a status/],
    ['path>3', 0, 5, /no order/],
    ['status~5', 0, 7, /takes no ~/],
    ['(a OR b', 0, 7, /never closed/],
    ['a)', 1, 2, /no “\(” for it/],
    ['path="x', 5, 7, /never closed/],
    ['status=', 7, 8, /a value is missing/],
    ['status:500', 6, 7, /compared with =/],
    ['dst.ip=10.0.0.0/40', 7, 18, /network/],
    ['status=5xx AND', 14, 15, /ends too early/],
    ['duration>5parsec', 9, 16, /mind the unit/],
    ['req.headers=a', 0, 11, /needs a key/],
  ])('points at the place: %s', (text, start, end, message) => {
    let caught: unknown
    try {
      parseQuery(text)
    } catch (error) {
      caught = error
    }
    expect(caught).toBeInstanceOf(QueryError)
    expect(caught).toMatchObject({ code: 'PAN0201', start, end, message: expect.stringMatching(message) })
  })

  it('completes fields, operators, keywords and asks for values', () => {
    const texts = (t: string, at = t.length) => completeQuery(t, at).suggestions.map((s) => s.text)
    expect(texts('src.wo')).toEqual(['src.workload'])
    expect(texts('worklo')).toContain('dst.workload')
    expect(texts('status')).toContain('>=')
    expect(texts('status=5')).toEqual(['5xx'])
    expect(texts('status=500 ')).toEqual(['AND', 'OR', 'NOT'])
    expect(texts('status=500 AND ')).toContain('path')
    expect(completeQuery('src.workload=pay AND x', 16)).toMatchObject({ from: 13, to: 16, valuesOf: { field: { field: 'src.workload' }, typed: 'pay' } })
    expect(completeQuery('src.pod IN (a, "b', 17)).toMatchObject({ from: 15, valuesOf: { typed: 'b' } })
    expect(completeQuery('path="a b', 9)).toMatchObject({ from: 5, valuesOf: { typed: 'a b' } })
  })
})
