import { setImmediate } from 'node:timers/promises'
import { quantiles } from '../histogram.ts'
import type { Edge, Link, Node } from '../topology-model.ts'
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
  const durations = spreads.length > 0 ? groups.lend(groups.links.length * buckets) : undefined
  if (durations) await inPieces(spreads, (piece) => addSpread(durations, piece, chosen))
  const edges: Edge[] = []
  for (let i = 0; i < groups.links.length; i++) {
    if (i % atOnce === atOnce - 1) await setImmediate()
    if (sums.count[i]! > 0) edges.push(edgeOf(groups.links[i]!, sums, i, request, durations ? quantilesOf(durations, i * buckets) : noQuantiles))
  }
  if (durations) groups.giveBack(durations)
  return { nodes: groups.nodes.list(edges), edges }
}

const noQuantiles: (number | null)[] = [null, null, null]

function edgeOf({ from, to, protocol }: Link, sums: Sums, i: number, request: FoldRequest, quantiles: (number | null)[]): Edge {
  const count = sums.count[i]!
  return {
    id: `${from} > ${to} ${protocol}`,
    from,
    to,
    protocol,
    count,
    rate: count / request.seconds,
    errors: sums.errors[i]!,
    denied: sums.denied[i]!,
    reqBytes: sums.reqBytes[i]!,
    respBytes: sums.respBytes[i]!,
    mtlsRatio: sums.mtls[i]! / count,
    p50Us: quantiles[0]!,
    p95Us: quantiles[1]!,
    p99Us: quantiles[2]!,
    services: request.servicesOf(to),
  }
}

const columns = ['count', 'errors', 'denied', 'mtls', 'reqBytes', 'respBytes'] as const

function sumsOf(size: number): Sums {
  return Object.fromEntries(columns.map((name) => [name, new Float64Array(size)])) as unknown as Sums
}

/** Adds each place of `from` to the place of `into` that `where` says; -1 = to none. */
function addCells(into: Sums, from: Sums, where: Int32Array): void {
  for (const name of columns) addColumn(into[name], from[name], where)
}

function addColumn(into: Float64Array, from: Float64Array, where: Int32Array): void {
  for (let i = 0; i < where.length; i++) {
    const at = where[i]!
    if (at >= 0) into[at]! += from[i]!
  }
}

/** The link to which each group counts; -1 where another reporter is believed, or none asked for it. */
function choose({ pairs, pairOf, trustOf, linkOf, reporterOf }: Groups, count: Float64Array, side: FoldRequest['side']): Int32Array {
  const best = new Uint8Array(pairs)
  for (let i = 0; i < count.length; i++) if (count[i]! > 0) best[pairOf[i]!] = Math.max(best[pairOf[i]!]!, trustOf[i]!)
  const chosen = new Int32Array(count.length).fill(-1)
  for (let i = 0; i < count.length; i++) {
    const taken = side === 'best' ? trustOf[i] === best[pairOf[i]!] : reporterOf[i] === side
    if (taken && count[i]! > 0) chosen[i] = linkOf[i]!
  }
  return chosen
}

function addSpread(into: Uint32Array, { group, bucket, count }: Spread, chosen: Int32Array): void {
  for (let i = 0; i < group.length; i++) {
    const link = chosen[group[i]!]!
    if (link >= 0) into[link * buckets + bucket[i]!]! += count[i]!
  }
}

function quantilesOf(counts: Uint32Array, from: number): (number | null)[] {
  const filled: number[] = []
  const held: number[] = []
  for (let b = 0; b < buckets; b++) {
    const count = counts[from + b]!
    if (count === 0) continue
    filled.push(b)
    held.push(count)
  }
  return quantiles([filled, held], [0.5, 0.95, 0.99])
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
