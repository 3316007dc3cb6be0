import { parseArgs } from 'node:util'
import { proofs } from './lines/index.ts'
import { runProof, type Scale } from './proof.ts'

const usage = `npm run prove -- LINE [--seed N] [--scale ci|full] [--input DIR] [--keep]

Runs one line of the list of what Panoptes must show, prints what it did and, last, one JSON line.
Exit code 0 only if every bar is held.

${proofs.map((proof) => `  ${proof.line.padEnd(6)}${proof.title}`).join('\n')}`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string' },
    scale: { type: 'string', default: 'ci' },
    input: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const proof = proofs.find((p) => p.line === positionals[0])
const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed)
if (!proof || values.help || !Number.isSafeInteger(seed) || !['ci', 'full'].includes(values.scale)) {
  console.log(usage)
  process.exit(values.help ? 0 : 2)
}
// Ctrl-C ends the run by process.exit, so that what it started is stopped too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
const verdict = await runProof(proof, { seed, scale: values.scale as Scale, input: values.input, keep: values.keep })
console.log(JSON.stringify(verdict))
process.exit(verdict.ok ? 0 : 1)
