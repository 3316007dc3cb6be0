import { describe, expect, it } from 'vitest'
import { mustGoRed } from './must-go-red.ts'
import { defineProof, runProof } from './proof.ts'

interface Row {
  id: number
  value: string
}
const rows: Row[] = [
  { id: 1, value: 'a' },
  { id: 2, value: 'b' },
  { id: 3, value: 'c' },
]

function verdictOf(compare: (rows: readonly Row[]) => string[]) {
  const proof = defineProof({
    line: 'T.1',
    title: 'test',
    async run(run) {
      mustGoRed(run, { name: 'rows', rows, compare, alter: (row) => ({ ...row, value: 'altered' }) })
    },
  })
  return runProof(proof, { seed: 7, scale: 'ci', say: () => {} })
}

/** Sees everything. */
function strict(found: readonly Row[]): string[] {
  const out: string[] = []
  for (const { id, value } of rows) {
    const same = found.filter((row) => row.id === id)
    if (same.length !== 1) out.push(`${id}: ${same.length} times`)
    for (const row of same) if (row.value !== value) out.push(`${id}: ${row.value}`)
  }
  return out
}

describe('mustGoRed', () => {
  it('is green when the comparison sees every planted error and no real one', async () => {
    const verdict = await verdictOf(strict)
    expect(verdict.ok).toBe(true)
    expect(verdict.bars.filter((bar) => bar.name.includes('goes red')).length).toBe(3)
  })

  it('fails a comparison that does not notice a doubled row', async () => {
    const verdict = await verdictOf((found) => strict([...new Map(found.map((row) => [row.id, row])).values()]))
    expect(verdict.ok).toBe(false)
    expect(verdict.bars.find((bar) => bar.name.includes('doubled'))?.ok).toBe(false)
  })

  it('fails a comparison that counts only', async () => {
    const verdict = await verdictOf((found) => (found.length === rows.length ? [] : ['count']))
    expect(verdict.bars.find((bar) => bar.name.includes('altered'))?.ok).toBe(false)
  })

  it('fails on a real difference', async () => {
    const verdict = await verdictOf((found) => [...strict(found), 'a real one'])
    expect(verdict.ok).toBe(false)
  })
})

describe('runProof', () => {
  it('fails a proof that throws, and cleans up in reverse order', async () => {
    const ends: number[] = []
    const proof = defineProof({
      line: 'T.2',
      title: 'test',
      async run(run) {
        run.defer(() => void ends.push(1))
        run.defer(() => void ends.push(2))
        run.bar('a', 1, '=', 1)
        throw new Error('broken')
      },
    })
    const verdict = await runProof(proof, { seed: 1, scale: 'ci', say: () => {} })
    expect(verdict.ok).toBe(false)
    expect(ends).toEqual([2, 1])
  })

  it('fails a proof without a single bar', async () => {
    const verdict = await runProof(defineProof({ line: 'T.3', title: 'test', run: async () => {} }), { seed: 1, scale: 'ci', say: () => {} })
    expect(verdict.ok).toBe(false)
  })
})
