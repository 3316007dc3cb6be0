import type { Run } from './proof.ts'

export interface Comparison<Row> {
  name: string
  rows: readonly Row[]
  /** All differences between these rows and what they must be; none = green. */
  compare(rows: readonly Row[]): string[]
  /** A changed copy of a row: one value altered, as a fault might. */
  alter(row: Row): Row
  /** Rows whose absence is a fault; all unless told otherwise. */
  needed?(row: Row): boolean
}

/**
 * Compares rows only after the comparison has shown that it sees: one row dropped, one doubled and one altered must each give
 * a difference that the untouched rows do not give. A comparison that stays green on a planted error fails the run.
 * @returns the number of differences of the untouched rows (the first few are said)
 */
export function mustGoRed<Row>(run: Run, { name, rows, compare, alter, needed = () => true }: Comparison<Row>): number {
  const places = rows.flatMap((row, i) => (needed(row) ? [i] : []))
  if (places.length === 0) {
    run.check(`${name}: has rows to compare`, false)
    return 1
  }
  const truth = compare(rows)
  const at = run.random.pick(places)
  const row = rows[at]!
  const plants = {
    dropped: [...rows.slice(0, at), ...rows.slice(at + 1)],
    doubled: [...rows.slice(0, at), row, ...rows.slice(at)],
    altered: [...rows.slice(0, at), alter(row), ...rows.slice(at + 1)],
  }
  const known = new Set(truth)
  for (const [kind, planted] of Object.entries(plants)) {
    const seen = compare(planted).filter((difference) => !known.has(difference))
    run.check(`${name}: goes red on a row ${kind}`, seen.length > 0, seen[0]?.slice(0, 200) ?? 'stayed green')
  }
  for (const difference of truth.slice(0, 10)) run.say(`     ${name}: ${difference.slice(0, 400)}`)
  if (truth.length > 10) run.say(`     ${name}: … and ${truth.length - 10} more`)
  run.bar(`${name}: differences`, truth.length, '=', 0)
  return truth.length
}
