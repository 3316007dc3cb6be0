import { expect, it } from 'vitest'
import { condition } from '../address/index.ts'
import { accept, matching, squiggleOf } from './prepare-query.ts'

it('points at the place', () => {
  expect(squiggleOf('status>=500 AND path~"/v1/"')).toBeUndefined()
  const wrong = squiggleOf('status>=500 AND stat=3')!
  expect([wrong.start, wrong.end]).toEqual([16, 20])
  expect(wrong.message).toContain('column 17')
})

it('accepts a suggestion', () => {
  expect(accept('sta', 0, 3, { text: 'status', kind: 'field' })).toEqual({ text: 'status', caret: 6 })
  expect(accept('method=P AND a', 7, 8, { text: 'POST', kind: 'value' })).toEqual({ text: 'method=POST AND a', caret: 11 })
  expect(accept('method=P', 7, 8, { text: 'POST', kind: 'value' })).toEqual({ text: 'method=POST ', caret: 12 })
})

it('narrows the values that are known to what is typed, before the record has answered', () => {
  const values = [{ text: 'payments' }, { text: '"Pay later"' }, { text: 'ledger' }]
  expect(matching(values, 'PAY').map((v) => v.text)).toEqual(['payments', '"Pay later"'])
  expect(matching(values, '')).toHaveLength(3)
})

it('writes conditions that are read back', () => {
  for (const value of ['plain', 'a b', 'x"y', 'back\\slash', 'star*', 'AND', '/v1/ü', '']) expect(squiggleOf(condition('host', value))).toBeUndefined()
})
