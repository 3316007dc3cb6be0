import { describe, expect, it } from 'vitest'
import { changedAddress, keptAddress, parseSearch, printSearch, readAddress } from './address.ts'
import { clockOf, comparedMoments, describeWindow, momentMs, momentOf, shiftedWindow, windowOf } from './clock.ts'
import { both, condition, questionOf, scopeQuery, toggled } from './scope.ts'

describe('the address', () => {
  it('reads only what it knows and prints it readably', () => {
    const address = readAddress({ q: 'status>=500', from: '-1h', evil: 'x', open: '' })
    expect(address).toEqual({ q: 'status>=500', from: '-1h' })
    expect(printSearch({ from: '2026-03-03T14:05:00Z', q: 'path~"/v1/"' })).toBe('?from=2026-03-03T14:05:00Z&q=path%7E%22/v1/%22')
    expect(readAddress(parseSearch(printSearch({ q: 'path~"/v1/&" AND a=b+c', ns: 'a,b' })))).toEqual({ q: 'path~"/v1/&" AND a=b+c', ns: 'a,b' })
  })

  it('changes in place, and keeps what makes sense on another page', () => {
    expect(changedAddress({ q: 'a', open: '1' }, { open: undefined, from: '-1h' })).toEqual({ q: 'a', from: '-1h' })
    expect(keptAddress({ q: 'a', open: '1', ns: 'shop', view: 'table' })).toEqual({ q: 'a', ns: 'shop' })
  })
})

describe('the clock', () => {
  const now = Date.parse('2026-03-03T14:00:00Z')
  it('reads moments', () => {
    expect([momentMs('now', now), momentMs('-15m', now), momentMs('2026-03-03T13:00:00Z', now), momentMs('soon', now)]).toEqual([
      now,
      now - 900_000,
      now - 3_600_000,
      undefined,
    ])
  })
  it('knows the past from the present', () => {
    expect([clockOf({}), clockOf({ from: '-1h', to: 'now' }), clockOf({ from: 'x', to: '2026-03-03T13:00:00Z' })]).toEqual(['live', 'live', 'past'])
  })
  it('is one: a moment and a window take the place of each other', () => {
    expect(changedAddress({ from: '-1h', to: '-30m', q: 'a' }, { at: '-10m' })).toEqual({ q: 'a', at: '-10m' })
    expect(changedAddress({ at: '-10m', with: '-1h', q: 'a' }, { from: '-1h' })).toEqual({ q: 'a', from: '-1h' })
    expect(windowOf({ at: '2026-03-03T13:00:00Z' })).toEqual({ from: '2026-03-03T12:45:00.000Z', to: '2026-03-03T13:00:00Z' })
    expect([windowOf({ at: '-10m' }), clockOf({ at: '-10m' }), momentOf({ to: '-10m' })]).toEqual([{ from: '-1500s', to: '-10m' }, 'past', '-10m'])
    expect(comparedMoments({ at: '-1h', with: 'now' }, now)).toEqual({ from: '-1h', to: 'now' })
  })
  it('says the window', () => {
    expect(describeWindow({}, true)).toBe('Last 15 minutes')
    expect(describeWindow({ from: '-1h' }, true)).toBe('Last hour')
    expect(describeWindow({ from: '2026-03-03T13:00:00Z', to: '2026-03-03T14:00:00Z' }, true)).toBe('2026-03-03 13:00:00 – 14:00:00')
  })
  it('shifts it', () => {
    expect(shiftedWindow({ from: '-1h' }, -1, now)).toEqual({ from: '2026-03-03T12:00:00.000Z', to: '2026-03-03T13:00:00.000Z' })
  })
})

describe('the scope', () => {
  it('becomes a query', () => {
    expect(scopeQuery({ cluster: 'eu', ns: 'shop,pay' })).toBe('cluster=eu AND namespace IN (shop, pay)')
    expect(questionOf({ ns: 'shop', q: 'status>=500 OR flags:*', origin: 'demo' })).toEqual({
      query: 'namespace=shop AND (status>=500 OR flags:*)',
      from: '-15m',
      to: 'now',
      origin: 'demo',
    })
  })
  it('may be an environment, which no query can say and every page keeps', () => {
    expect(questionOf({ env: 'production', cluster: 'eu' })).toMatchObject({ query: 'cluster=eu', environment: 'production' })
    expect(keptAddress({ env: 'production', open: 'x' })).toEqual({ env: 'production' })
  })
  it('quotes what needs it', () => {
    expect([condition('path', '/a b'), condition('host', 'a.b'), condition('user.agent', 'x"y*')]).toEqual(['path="/a b"', 'host=a.b', 'user.agent="x\\"y\\*"'])
  })
  it('joins and toggles', () => {
    expect(both('', 'a=1', undefined)).toBe('a=1')
    expect(toggled('a=1 AND b=2', 'b=2')).toBe('a=1')
    expect(toggled('a=1 OR b=2', 'c=3')).toBe('(a=1 OR b=2) AND c=3')
  })
})
