import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const Counters = z.object({ inbound: z.number(), outbound: z.number(), tcp: z.number(), written: z.number(), startedAt: z.number() })

/** How far a stretch of time was told, and the counters of all proxies at that moment. */
const Telling = z.object({ toldS: z.number().int(), counters: z.record(z.string(), Counters) })
export type Telling = z.infer<typeof Telling>

/** What the bank must remember to go on where it stopped: no access is told twice. Seconds are those since 1970. */
const State = z.object({
  seed: z.number().int(),
  /** How many people came from which second on: [second, density]. */
  phases: z.array(z.tuple([z.number().int(), z.number()])),
  /** The present: everything that ended up to `toldS` was told, unless it lies in a stretch of the past. */
  live: Telling,
  /** Stretches of history that are told while the present goes on, each up to its `untilS`. */
  past: z.array(Telling.extend({ untilS: z.number().int() })),
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

/** First history: how many seconds ago each phase began and how many people came, as a share of the live rate. */
const history: readonly (readonly [number, number])[] = [
  [26 * 3600, 0.075],
  [3 * 3600, 0.22],
  [1200, 1],
]
/** The last minutes are told first, as part of the present: they are what people look at. */
const recentS = 1200
/** A bank that stood still catches up with at most this much. */
const longestPauseS = 26 * 3600

/**
 * The state to go on with at `nowS`: a new one with its history ahead, or the one kept with the pause ahead. `count` tells
 * the counters at the end of a stretch without telling anybody what happened in it.
 */
export function resume(
  kept: State | undefined,
  seed: number,
  nowS: number,
  count: (phases: State['phases'], from: Telling, untilS: number) => Telling['counters'],
): State {
  const same = kept && kept.seed === seed && kept.live.toldS <= nowS ? kept : undefined
  const from = Math.max(same?.live.toldS ?? 0, nowS - longestPauseS)
  const ahead = history
    .map(([ago, density]): [number, number] => [Math.max(from, nowS - ago), density])
    .filter(([second], i, all) => second < (all[i + 1]?.[0] ?? nowS))
  const phases = [...(same?.phases ?? []).filter(([second]) => second < from), ...ahead, [nowS, 1] as [number, number]].slice(-32)
  const live: Telling = { toldS: from, counters: same?.live.counters ?? {} }
  const past = same?.past ?? []
  const recent = nowS - recentS
  if (from >= recent) return { seed, phases, live, past }
  const counters = count(phases, live, recent)
  return { seed, phases, live: { toldS: recent, counters }, past: [...past, { ...live, untilS: recent }] }
}

/** Density at a second; 0 before the bank began. */
export function densityAt(phases: State['phases'], second: number): number {
  return phases.findLast(([from]) => from <= second)?.[1] ?? 0
}
