import type { DecisionRow } from '@panoptes/contract'
import { expect, it } from 'vitest'
import { inScope, keyOf, ruleWords } from './prepare-admission.ts'

const decision = { cluster: 'eu', namespace: 'shop', uid: 'u', at: '2026-03-01T12:00:00.000Z', rule: 'unidentified-image', mode: 'detect' } as DecisionRow

it('says which rule spoke', () => {
  expect(ruleWords(decision)).toBe('unidentified-image (detect)')
  expect(ruleWords({ rule: '', mode: 'enforce' })).toBe('nothing against it (enforce)')
  expect(ruleWords({ rule: 'exempt', mode: 'enforce' })).toBe('never blocked here')
})

it('keeps what the scope of the page names', () => {
  expect(inScope(decision, {})).toBe(true)
  expect(inScope(decision, { cluster: 'us,eu', ns: 'shop' })).toBe(true)
  expect(inScope(decision, { cluster: 'us' })).toBe(false)
  expect(inScope(decision, { ns: 'pay' })).toBe(false)
})

it('tells two answers to one review apart', () => {
  expect(keyOf(decision)).not.toBe(keyOf({ ...decision, at: '2026-03-01T12:00:00.001Z' }))
})
