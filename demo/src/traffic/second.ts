import { busyness, type Cluster, cron, cronPod, journeys, oddities, operationOf, type Place, type Pod, workloads } from '../bank/index.ts'
import { Random } from '../random.ts'
import { connect } from './connections.ts'
import { type Context, newContext } from './context.ts'
import { enter } from './ingress.ts'
import type { Logged } from './logged.ts'
import { request } from './request.ts'

/** Share of people per region. */
const share: Readonly<Record<Cluster, number>> = { 'bank-eu': 0.62, 'bank-us': 0.38 }

/** Entries that one journey leaves on average, both sides of all its calls counted. A test holds it near the truth. */
export const entriesPerJourney = 9

export interface Traffic {
  seed: number
  places: ReadonlyMap<string, Place>
  /** Entries per second of both clusters together at the busiest hour. */
  rate: number
}

/**
 * All that begins in one second of one cluster, and all it leads to. The same seed, second and density give the same
 * entries: that is how the bank goes on after a restart without saying anything twice.
 * @param second seconds since 1970
 * @param density 1 = as many people as `rate` says; less = thinner
 */
export function simulate({ seed, places, rate }: Traffic, cluster: Cluster, second: number, density: number, log: (entry: Logged) => void): void {
  const random = new Random(seed, cluster, second)
  const place = places.get(cluster)!
  const at = second * 1_000_000
  // Robots and synchronizing phones never sleep: nights are quiet, not dead.
  const level = (0.35 + 0.65 * busyness(seed, cluster, second * 1000)) * density
  const here = journeys.filter((j) => j.in.includes(cluster))
  for (let n = random.poisson((rate * share[cluster] * level) / entriesPerJourney); n > 0; n--) {
    enter(random, places, place, random.weighted(here), at + random.whole(0, 999_999), log)
  }
  connect(random, places, place, level * Math.min(1, rate / 40), at, log)
  for (const oddity of oddities) {
    if (oddity.in !== cluster) continue
    for (let n = random.poisson((oddity.perHour / 3600) * Math.max(density, 0.3)); n > 0; n--) {
      start(random, places, random.pick(place.behind(oddity.starter)), oddity.to, at + random.whole(0, 999_999), log)
    }
  }
  if (cron.cluster === cluster) settle(random, seed, places, place, second, density, log)
}

/** The cron job's calls, spread over the time it lasts. */
function settle(random: Random, seed: number, places: Context['places'], place: Place, second: number, density: number, log: (entry: Logged) => void): void {
  const ms = second * 1000 - cron.offsetMs
  const since = ((ms % cron.everyMs) + cron.everyMs) % cron.everyMs
  if (since >= cron.lastsMs) return
  const pod = cronPod(seed, place, workloads.find((w) => w.name === cron.workload)!, ms - since)
  for (let n = random.poisson((cron.calls * Math.max(density, 0.3)) / (cron.lastsMs / 1000)); n > 0; n--) {
    start(random, places, pod, cron.to, second * 1_000_000 + random.whole(0, 999_999), log)
  }
}

/** A pod begins something by itself. */
function start(random: Random, places: Context['places'], pod: Pod, to: string, at: number, log: (entry: Logged) => void): void {
  request(newContext(random, places, log, `${pod.workload.service}/1.0`), pod, operationOf(to), at)
}

/** Longest time from the second in which something begins to the end of its last entry, in seconds. */
export const longestS = 330
