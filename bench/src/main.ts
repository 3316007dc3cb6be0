import { parseArgs } from 'node:util'
import { benches } from './benches.ts'
import { report } from './harness.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    peer: { type: 'string' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})
const wanted = benches.find((b) => b.name === positionals[0])
if (!wanted || values.help) {
  console.log(`npm run bench -- NAME [--quick] [--seed N] [--peer URL]\n\n${benches.map((b) => `  ${b.name.padEnd(10)} ${b.title}`).join('\n')}`)
  process.exit(values.help ? 0 : 2)
}
const options = { quick: values.quick, peer: values.peer, seed: Number(values.seed) }
process.exit(report(wanted, options, await wanted.run(options)) ? 0 : 1)
