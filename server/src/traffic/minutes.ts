import type { Query } from '@panoptes/contract'
import { moment, windowed } from './compile.ts'
import { fieldsOf } from './live.ts'
import type { Parameters } from './sql.ts'
import type { TimeWindow } from './window.ts'

/**
 * The record keeps counts, errors, bytes and durations per minute and edge inside every part (the projection `minutes`), and
 * answers from it where a statement asks in the same expressions. What is asked here is therefore written exactly so.
 */

/** Fields that the minutes are kept by. */
const kept = new Set([
  'org',
  'cluster',
  'origin',
  'reporter',
  'kind',
  'protocol',
  ...['cluster', 'namespace', 'workload'].flatMap((name) => [`src.${name}`, `dst.${name}`]),
])
const minuteUs = 60e6

/** Whether a query can be answered from the minutes. */
function keptByMinute(query: Query): boolean {
  return fieldsOf(query).every((field) => kept.has(field))
}

/** A part of a window, as a condition: either whole minutes or rows. */
export interface Part {
  where: string
  minutes: boolean
}

/** The whole minutes of a window, and the rows of what is left at its ends. All share `p`. */
export function partsOf(query: Query, { fromUs, toUs }: TimeWindow, p: Parameters): Part[] {
  const first = Math.ceil(fromUs / minuteUs) * minuteUs
  const last = Math.floor(toUs / minuteUs) * minuteUs
  const rows = (from: number, to: number): Part[] => (from < to ? [{ where: windowed(query, from, to, p).where, minutes: false }] : [])
  if (first >= last || !keptByMinute(query)) return rows(fromUs, toUs)
  const whole = `toStartOfMinute(ts) >= ${moment(first, p)} AND toStartOfMinute(ts) < ${moment(last, p)} AND ${windowed(query, first, last, p).condition}`
  return [{ where: whole, minutes: true }, ...rows(fromUs, first), ...rows(last, toUs)]
}
