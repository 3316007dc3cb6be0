import type { trafficRoutes } from '@panoptes/contract'
import type { z } from 'zod'
import { type Address, momentMs, windowOf } from '../../address/index.ts'
import type { ChartData } from '../../charts/index.ts'
import type { Tone } from '../../parts/index.ts'

type Answer = z.output<(typeof trafficRoutes.getCompleteness)['response']>
export type Source = Answer['sources'][number]
export type Interval = Answer['intervals'][number]
export type State = Interval['state']

export function stateTone(state: State): Tone {
  return state === 'complete' ? 'ok' : state === 'incomplete' ? 'bad' : state === 'pending' ? 'accent' : 'none'
}

const steps = [60, 300, 900, 3_600, 10_800, 21_600, 86_400]

/** Seconds per interval, so that the window has at most about 60 of them. */
export function stepFor(address: Address, nowMs: number): number {
  const { from, to } = windowOf(address)
  const seconds = ((momentMs(to, nowMs) ?? nowMs) - (momentMs(from, nowMs) ?? nowMs)) / 1000
  return steps.find((s) => seconds / s <= 60) ?? 86_400
}

/** The one cluster that this question can be narrowed to; several or none mean all. */
export function oneCluster(address: Address): string | undefined {
  const clusters = address.cluster?.split(',').filter(Boolean) ?? []
  return clusters.length === 1 ? clusters[0] : undefined
}

/** A proxy's node id as people know it: pod.namespace of `sidecar~ip~pod.namespace~domain`, else the id. */
export function sourceName(source: Pick<Source, 'proxy' | 'controller'>): string {
  const parts = source.proxy.split('~')
  return (parts.length >= 3 ? parts[2] : source.proxy) || source.controller
}

/** Received, missed and what nobody knows, stacked for the chart: unknown intervals have no missed, not zero. */
export function stacked(intervals: readonly Interval[]): ChartData {
  return [
    intervals.map((i) => Date.parse(i.from) / 1000),
    intervals.map((i) => (i.missed === null ? null : i.received + i.missed)),
    intervals.map((i) => (i.received === 0 && i.state === 'unknown' ? null : i.received)),
  ]
}

/** One sentence about an interval. */
export function intervalWords(interval: Interval): string {
  const note = interval.note ? ` (${interval.note})` : ''
  if (interval.state === 'unknown') return `unknown; ${interval.received} received${note}`
  if (interval.state === 'nothing-expected') return 'nothing expected'
  if (interval.state === 'pending') return `not settled yet; ${interval.received} received${note}`
  return interval.missed ? `${interval.missed} of ${interval.expected} missed${note}` : `complete: ${interval.received}${note}`
}
