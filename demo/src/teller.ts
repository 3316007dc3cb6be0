import type { Cluster } from './bank/index.ts'
import { buildPlace, type Pod } from './bank/index.ts'
import type { Active, Counters } from './envoy/index.ts'
import { densityAt, type State, type Telling } from './state.ts'
import { endOf, type Logged, longestS, simulate, type Traffic } from './traffic/index.ts'

/** What is to be told of one stretch of time in one cluster. */
export interface News {
  /** Entries by proxy and kind, in the order in which they ended. */
  entries: ReadonlyMap<string, readonly Logged[]>
  /** Proxies that have said something in their life, for their counters. */
  samples: readonly { pod: Pod; counters: Counters; active: Active }[]
}

/** The proxy that nobody has set up to report its counters: its completeness is unknown. */
const withoutCounters = 'legacy-api'
/** A proxy of this workload loses entries on the way: a few always, and all of three seconds every twenty minutes. */
const lossy = 'fraud'

/** How long a proxy without traffic (a finished job) goes on reporting counters, in seconds. */
const jobLastsS = 300

/** Tells what happened in the bank, second by second, and counts as the proxies do. Deterministic: no clock inside. */
export class Teller {
  /** How far it has told; moves on with `advance`. */
  readonly telling: Telling
  private readonly phases: State['phases']
  private readonly traffic: Traffic
  private readonly buckets = new Map<number, Logged[]>()
  private simulatedS: number
  private readonly pods = new Map<string, { pod: Pod; lastS: number }>()

  constructor({ seed, phases }: Pick<State, 'seed' | 'phases'>, telling: Telling, clusters: readonly Cluster[], rate: number) {
    this.telling = telling
    this.phases = phases
    this.traffic = { seed, places: new Map(clusters.map((c) => [c, buildPlace(seed, c)])), rate }
    this.simulatedS = telling.toldS - longestS
    for (const place of this.traffic.places.values()) {
      for (const pod of place.pods) {
        this.pods.set(pod.proxy, { pod, lastS: Number.POSITIVE_INFINITY })
        this.countersOf(pod.proxy, telling.toldS)
      }
    }
  }

  /** All that ended after the last call and up to the second `untilS`, by cluster. */
  advance(untilS: number): ReadonlyMap<Cluster, News> {
    const { telling } = this
    this.simulate(untilS)
    const entries = new Map<Cluster, Map<string, Logged[]>>([...this.traffic.places.keys()].map((c) => [c as Cluster, new Map()]))
    for (let second = telling.toldS; second < untilS; second++) {
      for (const entry of this.buckets.get(second) ?? []) {
        this.count(entry, second)
        if (isLost(entry)) continue
        const streams = entries.get(entry.pod.cluster)!
        const name = `${entry.tcp ? 'tcp' : 'http'} ${entry.pod.proxy}`
        const list = streams.get(name)
        if (list) list.push(entry)
        else streams.set(name, [entry])
      }
      this.buckets.delete(second)
    }
    telling.toldS = untilS
    const samples = this.samples(untilS)
    return new Map([...entries].map(([cluster, lists]) => [cluster, { entries: lists, samples: samples.filter((s) => s.pod.cluster === cluster) }]))
  }

  /** How many people there are at a second, as a share of the live rate. */
  density(second: number): number {
    return densityAt(this.phases, second)
  }

  private simulate(untilS: number): void {
    for (; this.simulatedS <= untilS; this.simulatedS++) {
      const density = this.density(this.simulatedS)
      if (density === 0) continue
      for (const cluster of this.traffic.places.keys()) {
        simulate(this.traffic, cluster as Cluster, this.simulatedS, density, (entry) => {
          // The second (n, n + 1] in which it ended; what was told before the last restart is not told again.
          const second = Math.ceil(endOf(entry) / 1_000_000) - 1
          if (second < this.telling.toldS) return
          const bucket = this.buckets.get(second)
          if (bucket) bucket.push(entry)
          else this.buckets.set(second, [entry])
        })
      }
    }
  }

  private count(entry: Logged, second: number): void {
    const { proxy } = entry.pod
    const known = this.pods.get(proxy)
    if (!known) this.pods.set(proxy, { pod: entry.pod, lastS: second })
    else if (known.lastS !== Number.POSITIVE_INFINITY) known.lastS = second
    const counters = this.countersOf(proxy, second)
    counters[entry.tcp ? 'tcp' : entry.side]++
    counters.written++
  }

  private countersOf(proxy: string, second: number): Counters {
    this.telling.counters[proxy] ??= { inbound: 0, outbound: 0, tcp: 0, written: 0, startedAt: (second - longestS) * 1000 }
    return this.telling.counters[proxy]
  }

  /** Counters as every proxy would report them at this second: what has begun, ended or not. */
  private samples(untilS: number): News['samples'] {
    const active = new Map<string, Active>()
    for (const bucket of this.buckets.values()) {
      for (const entry of bucket) {
        if (entry.startUs > untilS * 1_000_000) continue
        const at = active.get(entry.pod.proxy) ?? { inbound: 0, outbound: 0, tcp: 0 }
        at[entry.tcp ? 'tcp' : entry.side]++
        active.set(entry.pod.proxy, at)
      }
    }
    for (const [proxy, { lastS }] of this.pods) {
      if (lastS >= untilS - jobLastsS) continue
      this.pods.delete(proxy)
      delete this.telling.counters[proxy]
    }
    return [...this.pods.values()]
      .filter(({ pod }) => pod.workload.name !== withoutCounters)
      .map(({ pod }) => {
        const open = active.get(pod.proxy) ?? { inbound: 0, outbound: 0, tcp: 0 }
        const ended = this.countersOf(pod.proxy, untilS)
        return {
          pod,
          active: open,
          counters: { ...ended, inbound: ended.inbound + open.inbound, outbound: ended.outbound + open.outbound, tcp: ended.tcp + open.tcp },
        }
      })
  }
}

/** Counters of all proxies after a stretch that nobody is told of. */
export function countThrough(
  state: Pick<State, 'seed' | 'phases'>,
  from: Telling,
  untilS: number,
  clusters: readonly Cluster[],
  rate: number,
): Telling['counters'] {
  const teller = new Teller(state, structuredClone(from), clusters, rate)
  while (teller.telling.toldS < untilS) teller.advance(Math.min(untilS, teller.telling.toldS + 60))
  return teller.telling.counters
}

/** Whether the lossy proxy drops this entry: decided by its time alone, so that it is the same after a restart. */
export function isLost(entry: Logged): boolean {
  if (entry.pod.workload.name !== lossy || entry.pod.cluster !== 'bank-eu') return false
  return entry.startUs % 1000 < 4 || Math.floor(entry.startUs / 1_000_000) % 1200 < 3
}
