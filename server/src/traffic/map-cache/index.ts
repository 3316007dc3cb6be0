import type { Ingest } from '../../ingest/index.ts'
import type { Reader, Scope } from '../reader.ts'
import { foldRequest, readServices, type Topology, type TopologyRequest, topology } from '../topology.ts'
import { Entry } from './entry.ts'
import { fold } from './fold.ts'
import { servable, slotsOf } from './slots.ts'

interface Kept {
  entry: Entry
  removals: number
  services?: { atMs: number; names: ReturnType<typeof readServices> }
}

/** Questions that are kept, and numbers of all of them (8 bytes each, at most). */
const mostEntries = 24
const mostWeight = 16_000_000
const servicesMs = 30_000
const keptUs = 3_600e6

/**
 * Maps of windows of whole minutes, from sums that are kept per minute: a minute is asked once, and anew only after rows
 * came into it. Each question is kept apart per scope, so that nobody sees sums of what may not be seen. Only for a record
 * to which this server alone writes: it hears of every batch that becomes durable.
 */
export class MapCache {
  private readonly kept = new Map<string, Kept>()
  private readonly stop: () => void

  constructor(ingest: Pick<Ingest, 'subscribe'>) {
    this.stop = ingest.subscribe(({ principal, header, fromUs, untilUs }) => {
      if (header.stream !== 'accesses') return
      for (const { entry } of this.kept.values()) if (entry.org === principal.org) entry.changed({ fromUs, toUs: untilUs })
    })
  }

  /** The same answer as `topology`, mostly without asking the record. */
  async topology(reader: Reader, scope: Scope, request: TopologyRequest): Promise<Topology> {
    const nowUs = Date.now() * 1000
    const { window, query, by, signal } = request
    if (!servable(window, nowUs)) return topology(reader, request)
    const kept = this.of(scope, request, reader.removals?.() ?? 0)
    if (!kept.services || Date.now() - kept.services.atMs > servicesMs) kept.services = { atMs: Date.now(), names: readServices(reader, request) }
    const names = kept.services.names.catch((error: unknown) => {
      delete kept.services
      throw error
    })
    const [{ cells, spreads }, services] = await Promise.all([kept.entry.read(reader, { query, by, signal }, slotsOf(window, nowUs), request.quantiles), names])
    kept.entry.forgetBefore(window.fromUs - keptUs)
    this.shrink()
    return fold(kept.entry.groups, cells, spreads, foldRequest(request, services))
  }

  close(): void {
    this.stop()
    this.kept.clear()
  }

  private of(scope: Scope, { query, by }: TopologyRequest, removals: number): Kept {
    const key = JSON.stringify([scope, by, query])
    const known = this.kept.get(key)
    const kept = known && known.removals === removals ? known : { entry: new Entry(scope.org, by), removals }
    // The order of the map is the order of use.
    this.kept.delete(key)
    this.kept.set(key, kept)
    return kept
  }

  private shrink(): void {
    const weights = [...this.kept].map(([key, { entry }]) => [key, entry.weight] as const)
    let weight = weights.reduce((sum, [, one]) => sum + one, 0)
    for (const [key, one] of weights) {
      if (this.kept.size <= mostEntries && weight <= mostWeight) return
      if (this.kept.size === 1) return
      this.kept.delete(key)
      weight -= one
    }
  }
}
