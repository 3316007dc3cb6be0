import { expect, it } from 'vitest'
import { safeNext, tokenOf } from './prepare-next.ts'

it('leads only to pages of this console', () => {
  expect(['/record?q=a', '//evil.example', '/\\evil', 'https://evil.example', '/sign-in', undefined].map(safeNext)).toEqual([
    '/record?q=a',
    '/',
    '/',
    '/',
    '/',
    '/',
  ])
})

it('reads the token of a link', () => {
  expect(['#token=abc', '#abc', '', '#'].map(tokenOf)).toEqual(['abc', 'abc', '', ''])
})
