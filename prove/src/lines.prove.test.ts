import { describe, expect, it } from 'vitest'
import { proofs } from './lines/index.ts'
import { runProof } from './proof.ts'

/** Every line at the scale of CI. A seed of its own per run would hide what failed: it is fixed here, and free on the command line. */
const seed = Number(process.env.PROVE_SEED ?? 20_260_301)

/** Lines that run by `npm run prove` alone: they take many minutes (a clone installed, the API searched for faults, a large cluster, clusters installed again and again, istiod built), or have a bar of time that other tests would break. */
const alone = new Set(['A.1', 'A.4', 'A.5', 'A.6', 'A.9', 'A.10', 'A.11', 'A.12', 'B.2', 'B.3', 'B.4', 'B.5', 'B.6', 'B.7', 'B.8', 'B.11'])

describe.each(proofs.filter(({ line }) => !alone.has(line)).map((proof) => [proof.line, proof] as const))('%s', (_, proof) => {
  it(proof.title, async () => {
    const said: string[] = []
    const verdict = await runProof(proof, { seed, scale: 'ci', say: (text) => said.push(text) })
    const red = verdict.bars.filter((bar) => !bar.ok)
    expect(red, said.join('\n')).toEqual([])
  })
})
