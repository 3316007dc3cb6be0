import { expect, it } from 'vitest'
import { sparing } from './sparing.ts'

it('keeps an answer the longer the longer it took, to a bound, and no failure', async () => {
  let [clock, asked, takes] = [0, 0, 10]
  const question = sparing(
    async (key) => {
      asked++
      clock += takes
      if (key === 'bad') throw new Error('no')
      return `${key} ${asked}`
    },
    200_000,
    () => clock,
  )
  expect(await Promise.all([question('a'), question('a')])).toEqual(['a 1', 'a 1'])
  clock += 480
  expect(await question('a')).toBe('a 1')
  expect(await question('b')).toBe('b 2')
  clock += 30
  takes = 1_000
  expect(await question('a')).toBe('a 3')
  clock += 49_000
  expect(await question('a')).toBe('a 3')
  clock += 2_000
  expect(await question('a')).toBe('a 4')
  takes = 10_000
  expect(await question('c')).toBe('c 5')
  clock += 201_000
  expect(await question('c')).toBe('c 6')
  await expect(question('bad')).rejects.toThrow('no')
  await expect(question('bad')).rejects.toThrow('no')
  expect(asked).toBe(8)
})
