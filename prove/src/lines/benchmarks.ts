import { join, resolve } from 'node:path'
import { startProcess } from '../lab/process.ts'
import { defineProof, type Proof } from '../proof.ts'

const root = resolve(import.meta.dirname, '../../..')

interface Result {
  figures: Record<string, number>
  /** `atMostHere`: the bar on a machine as fast as this one was meanwhile. */
  bars: Record<string, { atMost?: number; atMostHere?: number; atLeast?: number; ok: boolean }>
}

/** A line whose bars are those of a benchmark (`npm run bench -- NAME`); quick at the scale `ci`. */
function benchmark(line: string, name: string, title: string): Proof {
  return defineProof({
    line,
    title,
    async run(run) {
      const args = [join(root, 'bench/src/main.ts'), name, '--seed', String(run.seed), ...run.scaled(['--quick'], [])]
      const bench = startProcess(run, 'bench', process.execPath, args, { cwd: root })
      await bench.ended()
      const printed = bench.stdout().trimEnd().split('\n')
      const last = printed.pop() ?? ''
      for (const text of printed) run.say(text)
      if (!run.check('the benchmark ran to its end', last.startsWith('{'), last.startsWith('{') ? undefined : bench.output().slice(-2_000))) return
      const { figures, bars } = JSON.parse(last) as Result
      for (const [name, value] of Object.entries(figures)) {
        const bar = bars[name]
        if (bar?.atLeast !== undefined) run.bar(name, value, '>=', bar.atLeast)
        else if (bar) run.bar(name, value, '<=', bar.atMostHere ?? bar.atMost!)
        else run.figure(name, value)
      }
    },
  })
}

export const a05 = benchmark('A.5', 'ingest', 'CPU per access on the whole way, memory of the controller, a rate held')
export const a06 = benchmark('A.6', 'record', 'bytes per row and the time of an answer, at rest and while rows come in')
