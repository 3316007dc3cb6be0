import { expect, it } from 'vitest'
import { parseSize, printSize } from './prepare-retention.ts'

it('reads and writes sizes', () => {
  expect(['500 GiB', '1.5tib', '', '12', 'much'].map(parseSize)).toEqual([500 * 1024 ** 3, 1.5 * 1024 ** 4, null, undefined, undefined])
  expect([500 * 1024 ** 3, 1.5 * 1024 ** 4, 1024, null].map(printSize)).toEqual(['500 GiB', '1.5 TiB', '0 MiB', ''])
})
