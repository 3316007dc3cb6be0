import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const Counters = z.object({ inbound: z.number(), outbound: z.number(), tcp: z.number(), written: z.number(), startedAt: z.number() })

/** What the bank must remember to go on where it stopped: no access is told twice. */
const State = z.object({
  seed: z.number().int(),
  /** Everything that ended up to this second (since 1970) has been told. */
  toldS: z.number().int(),
  /** How many people came from which second on: [second, density]. */
  phases: z.array(z.tuple([z.number().int(), z.number()])),
  /** Counters by proxy. */
  counters: z.record(z.string(), Counters),
})
export type State = z.infer<typeof State>

const fileOf = (directory: string): string => join(directory, 'demo.json')

/** The state that was kept in the folder, or undefined where none is (or it was damaged: the bank then begins anew). */
export function readState(directory: string): State | undefined {
  try {
    return State.parse(JSON.parse(readFileSync(fileOf(directory), 'utf8')))
  } catch {
    return undefined
  }
}

/** Keeps the state; a kill in between leaves the one before. */
export function writeState(directory: string, state: State): void {
  mkdirSync(directory, { recursive: true })
  const file = fileOf(directory)
  writeFileSync(`${file}.new`, JSON.stringify(state))
  renameSync(`${file}.new`, file)
}

/** First history: how many seconds ago each stretch began and how many people came, as a share of the live rate. */
const history: readonly (readonly [number, number])[] = [
  [26 * 3600, 0.075],
  [3 * 3600, 0.22],
  [1200, 1],
]
/** A bank that stood still is caught up with as many people as the first history had at that age, for at most this long. */
const longestPauseS = 26 * 3600

/** The state to go on with at `nowS`: a new one with its history ahead, or the one kept, with the pause ahead. */
export function resume(kept: State | undefined, seed: number, nowS: number): State {
  if (kept && kept.seed === seed && kept.toldS <= nowS) {
    const from = Math.max(kept.toldS, nowS - longestPauseS)
    const pause = history
      .map(([ago, density]): [number, number] => [Math.max(from, nowS - ago), density])
      .filter(([second], i, all) => second < (all[i + 1]?.[0] ?? nowS))
    return { ...kept, toldS: from, phases: [...kept.phases.filter(([second]) => second < from).slice(-8), ...pause, [nowS, 1]] }
  }
  const phases = history.map(([ago, density]): [number, number] => [nowS - ago, density])
  return { seed, toldS: phases[0]![0], phases: [...phases, [nowS, 1]], counters: {} }
}

/** Density at a second; 0 before the bank began. */
export function densityAt(phases: State['phases'], second: number): number {
  return phases.findLast(([from]) => from <= second)?.[1] ?? 0
}
