import type { CompletenessAnswer } from '../../lab/api.ts'
import type { Controller, Product } from '../../lab/product.ts'
import type { Run } from '../../proof.ts'

export const cluster = 'counted'
/** Length of the intervals that are held against the truth. */
export const stepS = 10

export interface Lab {
  run: Run
  server: Product
  controller: Controller
  from: string
}

export type Intervals = CompletenessAnswer['sources'][number]['intervals']

/** Within each interval: accesses missing (by the time of their end, ms) against what it reports as missed. What it calls unknown it cannot be held to. */
export function perInterval(run: Run, what: string, missing: readonly number[], intervals: Intervals): void {
  const worst = { off: 0, at: '' }
  for (const { from, to, missed, state, note } of intervals) {
    const truth = missing.filter((ms) => ms > Date.parse(from) && ms <= Date.parse(to)).length
    const off = missed === null ? 0 : Math.abs(missed - truth)
    run.say(`     ${from} … ${to}: missing ${truth}, reported ${missed ?? 'unknown'} (${state}${note && `: ${note}`})`)
    if (off > worst.off) Object.assign(worst, { off, at: from })
  }
  run.bar(`${what}: intervals`, intervals.length, '>=', 1)
  run.bar(`${what}: largest error of an interval${worst.at && ` (${worst.at})`}`, worst.off, '<=', 5)
}
