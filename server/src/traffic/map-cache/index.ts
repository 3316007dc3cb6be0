import type { Ingest } from '../../ingest/index.ts'
import type { Reader, Scope } from '../reader.ts'
import { foldRequest, readServices, type Topology, type TopologyRequest, topology } from '../topology.ts'
import { Entry } from './entry.ts'
import { fold } from './fold.ts'
import { servable, slotsOf } from './slots.ts'

type Names = ReturnType<typeof readServices>

/** A map as it was last made, and what it was made of. */
interface Made {
  version: number
  names: Names
  map: Topology
}

interface Kept {
  entry: Entry
  removals: number
  services?: { atMs: number; names: Names }
  /** The last answers by window and choice: many people look at the same one. */
  made: Map<string, Made>
}

const mostMade = 2

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
    const { entry } = kept
    if (!kept.services || Date.now() - kept.services.atMs > servicesMs) kept.services = { atMs: Date.now(), names: readServices(reader, request) }
    const names = kept.services.names
    names.catch(() => {
      if (kept.services?.names === names) delete kept.services
    })
    const slots = slotsOf(window, nowUs)
    const which = JSON.stringify([slots.at(0), slots.at(-1), window.toUs, request.quantiles, request.side])
    const made = kept.made.get(which)
    if (made?.version === entry.version && made.names === names) return made.map
    const { version } = entry
    const [{ cells, spreads }, services] = await Promise.all([entry.read(reader, { query, by, signal }, slots, request.quantiles), names])
    const map = await fold(entry.groups, cells, spreads, foldRequest(request, services))
    kept.made.delete(which)
    if (entry.version === version && entry.holds(slots)) kept.made.set(which, { version, names, map })
    for (const key of kept.made.keys()) if (kept.made.size > mostMade) kept.made.delete(key)
    entry.forgetBefore(window.fromUs - keptUs)
    this.shrink()
    return map
  }

  close(): void {
    this.stop()
    this.kept.clear()
  }

  private of(scope: Scope, { query, by }: TopologyRequest, removals: number): Kept {
    const key = JSON.stringify([scope, by, query])
    const known = this.kept.get(key)
    const kept = known && known.removals === removals ? known : { entry: new Entry(scope.org, by), removals, made: new Map() }
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
