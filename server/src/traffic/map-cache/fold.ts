import { setImmediate } from 'node:timers/promises'
import { quantiles } from '../histogram.ts'
import type { Edge, Node } from '../topology-model.ts'
import type { Cells, Spread } from './cells.ts'
import type { Groups } from './groups.ts'

export interface FoldRequest {
  side: 'best' | 'client' | 'server'
  seconds: number
  /** Services by which a node was addressed. */
  servicesOf: (to: string) => string[]
}

type Sums = Omit<Cells, 'group'>

const buckets = 256
/** Links worked on before the process may do something else. */
const atOnce = 1_500

/** Adds up cells per group and makes the map of them: each access counted once, though both its sides report it. */
export async function fold(
  groups: Groups,
  cells: readonly Cells[],
  spreads: readonly Spread[],
  request: FoldRequest,
): Promise<{ nodes: Node[]; edges: Edge[] }> {
  const perGroup = sumsOf(groups.size)
  await inPieces(cells, (piece) => addCells(perGroup, piece, piece.group))
  const chosen = choose(groups, perGroup.count, request.side)
  const sums = sumsOf(groups.links.length)
  addCells(sums, perGroup, chosen)
  await setImmediate()
  const durations = spreads.length > 0 ? new Uint32Array(groups.links.length * buckets) : undefined
  if (durations) await inPieces(spreads, (piece) => addSpread(durations, piece, chosen))
  const edges: Edge[] = []
  for (const [i, { from, to, protocol }] of groups.links.entries()) {
    if (i % atOnce === atOnce - 1) await setImmediate()
    const count = sums.count[i]!
    if (count === 0) continue
    const [p50Us, p95Us, p99Us] = durations ? quantilesOf(durations.subarray(i * buckets, (i + 1) * buckets)) : [null, null, null]
    edges.push({
      ...{ id: `${from} > ${to} ${protocol}`, from, to, protocol, count, rate: count / request.seconds },
      ...{ errors: sums.errors[i]!, denied: sums.denied[i]!, reqBytes: sums.reqBytes[i]!, respBytes: sums.respBytes[i]! },
      ...{ mtlsRatio: sums.mtls[i]! / count, p50Us: p50Us!, p95Us: p95Us!, p99Us: p99Us!, services: request.servicesOf(to) },
    })
  }
  return { nodes: groups.nodes.list(edges), edges }
}

function sumsOf(size: number): Sums {
  const column = () => new Float64Array(size)
  return { count: column(), errors: column(), denied: column(), mtls: column(), reqBytes: column(), respBytes: column() }
}

/** Adds each place of `from` to the place of `into` that `where` says; -1 = to none. */
function addCells(into: Sums, from: Sums, where: Uint32Array | Int32Array): void {
  for (let i = 0; i < where.length; i++) {
    const at = where[i]!
    if (at < 0) continue
    into.count[at]! += from.count[i]!
    into.errors[at]! += from.errors[i]!
    into.denied[at]! += from.denied[i]!
    into.mtls[at]! += from.mtls[i]!
    into.reqBytes[at]! += from.reqBytes[i]!
    into.respBytes[at]! += from.respBytes[i]!
  }
}

/** The link to which each group counts; -1 where another reporter is believed, or none asked for it. */
function choose(groups: Groups, count: Float64Array, side: FoldRequest['side']): Int32Array {
  const best = new Uint8Array(groups.pairs)
  for (let i = 0; i < count.length; i++) if (count[i]! > 0) best[groups.pairOf[i]!] = Math.max(best[groups.pairOf[i]!]!, groups.trustOf[i]!)
  const taken = (i: number) => (side === 'best' ? groups.trustOf[i] === best[groups.pairOf[i]!] : groups.reporterOf[i] === side)
  return Int32Array.from(count, (n, i) => (n > 0 && taken(i) ? groups.linkOf[i]! : -1))
}

function addSpread(into: Uint32Array, { group, bucket, count }: Spread, chosen: Int32Array): void {
  for (let i = 0; i < group.length; i++) {
    const link = chosen[group[i]!]!
    if (link >= 0) into[link * buckets + bucket[i]!]! += count[i]!
  }
}

function quantilesOf(counts: Uint32Array): (number | null)[] {
  const filled: number[] = []
  for (let b = 0; b < counts.length; b++) if (counts[b]! > 0) filled.push(b)
  return quantiles([filled, filled.map((b) => counts[b]!)], [0.5, 0.95, 0.99])
}

async function inPieces<T extends { group: { length: number } }>(pieces: readonly T[], work: (piece: T) => void): Promise<void> {
  let done = 0
  for (const piece of pieces) {
    work(piece)
    done += piece.group.length
    if (done < 200_000) continue
    done = 0
    await setImmediate()
  }
}
