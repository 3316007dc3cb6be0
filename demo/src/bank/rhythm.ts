import { Random } from '../random.ts'
import type { Cluster } from './workloads.ts'

/** Hours that a region is behind (negative) or before UTC: bankers' summer and winter time are not worth a table. */
const offsets: Readonly<Record<Cluster, number>> = { 'bank-eu': 1, 'bank-us': -5 }

/** How busy each hour of a working day is, from midnight on; the busiest is 1. */
const workday = [0.1, 0.07, 0.06, 0.06, 0.08, 0.14, 0.28, 0.5, 0.72, 0.88, 0.95, 0.98, 1, 0.93, 0.9, 0.88, 0.86, 0.88, 0.92, 0.85, 0.68, 0.48, 0.3, 0.17]
const weekend = [0.16, 0.11, 0.08, 0.06, 0.06, 0.08, 0.13, 0.22, 0.34, 0.46, 0.55, 0.6, 0.6, 0.56, 0.52, 0.5, 0.5, 0.52, 0.55, 0.54, 0.48, 0.38, 0.28, 0.2]

const hour = 3_600_000

/** How busy a region is at a moment (ms since 1970): 1 at the busiest hour, with a slow seeded waver of a few per cent. */
export function busyness(seed: number, cluster: Cluster, at: number): number {
  const local = new Date(at + offsets[cluster] * hour)
  const day = local.getUTCDay()
  const curve = day === 0 || day === 6 ? weekend : workday
  const place = local.getUTCHours() + local.getUTCMinutes() / 60
  const from = curve[Math.floor(place)]!
  const to = curve[(Math.floor(place) + 1) % 24]!
  const level = from + (to - from) * (place % 1)
  return level * waver(seed, cluster, at)
}

/** A calm curve between 0.9 and 1.1 through one random point every ten minutes. */
function waver(seed: number, cluster: Cluster, at: number): number {
  const step = 600_000
  const point = (n: number) => 0.9 + 0.2 * new Random(seed, cluster, 'waver', n).next()
  const n = Math.floor(at / step)
  const x = (at % step) / step
  const smooth = x * x * (3 - 2 * x)
  return point(n) * (1 - smooth) + point(n + 1) * smooth
}

/** Hour of the day in the region, with its fraction. */
export function localHour(cluster: Cluster, at: number): number {
  return (((at / hour + offsets[cluster]) % 24) + 24) % 24
}
