import { describe, expect, it } from 'vitest'
import { Turns } from './turns.ts'

describe('turns of large messages', () => {
  it('lets two run, and the next when one is done', () => {
    const said: string[] = []
    const turns = new Turns<string>({ pause: (s) => said.push(`pause ${s}`), resume: (s) => said.push(`resume ${s}`), expire: (s) => said.push(`expire ${s}`) })
    const mb = 1024 * 1024
    turns.update('small', 1000)
    for (const s of ['a', 'b', 'c', 'd']) turns.update(s, mb)
    turns.update('a', 5 * mb)
    expect(said).toEqual(['pause c', 'pause d'])
    turns.update('b', 0)
    turns.update('d', 0)
    turns.update('a', 10)
    expect(said).toEqual(['pause c', 'pause d', 'resume c'])
    expect([turns.waits('c'), turns.waits('d')]).toEqual([false, false])
    turns.update('c', 0)
  })
})
