import { Nodes } from '../nodes.ts'
import type { By, Columns, Link } from '../topology-model.ts'

/** The side that is believed where several report the same way: the server's own entries, else the client's. */
const trust: Record<string, number> = { server: 3, client: 2 }

/**
 * Numbers for what entries are grouped by: two ends, protocol and reporter. Each group knows its link (one line of the map)
 * and its pair (what two reporters tell of the same accesses), so that sums are added by number.
 */
export class Groups {
  /** Place of a group by the hash that the record groups by. */
  readonly byHash = new Map<number, number>()
  readonly links: Link[] = []
  readonly nodes: Nodes
  /** Per group. */
  readonly linkOf: number[] = []
  readonly pairOf: number[] = []
  readonly trustOf: number[] = []
  readonly reporterOf: string[] = []
  /** Kept from one answer to the next: it is large, and making it anew costs more than emptying it. */
  private scratch: Uint32Array | undefined
  private readonly linkByKey = new Map<string, number>()
  private readonly pairByKey = new Map<string, number>()

  constructor(by: By) {
    this.nodes = new Nodes(by)
  }

  get size(): number {
    return this.linkOf.length
  }

  get pairs(): number {
    return this.pairByKey.size
  }

  /** Zeros to count in, until they are given back. */
  lend(size: number): Uint32Array {
    const kept = this.scratch
    this.scratch = undefined
    return kept && kept.length >= size ? kept.fill(0) : new Uint32Array(size)
  }

  giveBack(counts: Uint32Array): void {
    this.scratch = counts
  }

  /** Takes up the groups of an answer that are not known yet. */
  add(hashes: readonly number[], columns: Columns): void {
    for (const [i, hash] of hashes.entries()) if (!this.byHash.has(hash)) this.take(hash, columns, i)
  }

  private take(hash: number, columns: Columns, i: number): void {
    const [from, to] = this.nodes.endsOf(columns, i)
    const protocol = columns.protocol[i]!
    const reporter = columns.reporter[i]!
    this.byHash.set(hash, this.size)
    this.trustOf.push(trust[reporter] ?? 1)
    this.reporterOf.push(reporter)
    // Both sides may name the protocol differently (a sidecar upgrades), so TCP is told from HTTP only.
    this.pairOf.push(numberOf(this.pairByKey, `${from}\n${to}\n${protocol === 'tcp' ? 'tcp' : 'http'}`))
    const link = numberOf(this.linkByKey, `${from}\n${to}\n${protocol}`)
    if (link === this.links.length) this.links.push({ from, to, protocol })
    this.linkOf.push(link)
  }
}

function numberOf(known: Map<string, number>, key: string): number {
  const number = known.get(key) ?? known.size
  known.set(key, number)
  return number
}
