import { type Disc, freePlace, relaxGroups, separate } from './layout-groups.ts'
import { layOutColumn, layOutMembers, memberRadius } from './layout-members.ts'
import type { LayoutEdge, Spot } from './spot.ts'

export interface LayoutNode {
  id: string
  group: string
  cluster: string
}
/** Steps from the nodes that nobody calls: the map flows from left to right by it. */
export function ranksOf(count: number, edges: readonly LayoutEdge[]): Float32Array {
  const rank = new Float32Array(count)
  const called = new Uint8Array(count)
  for (const [from, to] of edges) if (from !== to) called[to] = 1
  const out: number[][] = Array.from({ length: count }, () => [])
  for (const [from, to] of edges) out[from]!.push(to)
  const seen = new Uint8Array(count)
  let front = [...called.keys()].filter((i) => !called[i])
  if (front.length === 0 && count > 0) front = [0]
  for (const i of front) seen[i] = 1
  for (let depth = 1; front.length > 0; depth++) {
    const next: number[] = []
    for (const i of front) {
      for (const j of out[i]!) {
        if (seen[j]) continue
        seen[j] = 1
        rank[j] = depth
        next.push(j)
      }
    }
    front = next
  }
  return rank
}

const isOutside = (group: Group) => group.key.startsWith('\u0000')

interface Group {
  key: string
  cluster: string
  members: number[]
}

function groupsOf(nodes: readonly LayoutNode[], which: readonly number[]): Group[] {
  const groups = new Map<string, Group>()
  for (const i of which) {
    const node = nodes[i]!
    const group = groups.get(node.group) ?? { key: node.group, cluster: node.group.startsWith('\u0000') ? node.group : node.cluster, members: [] }
    group.members.push(i)
    groups.set(node.group, group)
  }
  return [...groups.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

/**
 * Places nodes: namespaces as discs of forces, namespaces within clusters, clusters beside each other, callers left of
 * what they call. Known nodes never move; new ones find a free place near their own. The same input gives the same picture.
 */
export function layOutMap(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], known: ReadonlyMap<string, Spot>): Spot[] {
  const spots: (Spot | undefined)[] = nodes.map((n) => known.get(n.id))
  const fresh = [...nodes.keys()].filter((i) => !spots[i])
  if (fresh.length === 0) return spots as Spot[]
  const ranks = ranksOf(nodes.length, edges)
  const taken = groupsOf(
    nodes,
    [...nodes.keys()].filter((i) => spots[i]),
  )
  const discs = new Map<string, Disc>(taken.map((g) => [g.key, discOf(g, spots as Spot[])]))
  const newGroups: Group[] = []
  for (const group of groupsOf(nodes, fresh)) {
    const home = discs.get(group.key)
    if (home) joinGroup(group, home, nodes, edges, spots)
    else newGroups.push(group)
  }
  const within = Map.groupBy(
    edges.filter(([a, b]) => nodes[a]!.group === nodes[b]!.group),
    ([a]) => nodes[a]!.group,
  )
  const inner = newGroups.map((g) => (isOutside(g) ? layOutColumn(g.members.length) : layOutMembers(g.members, within.get(g.key) ?? [], ranks)))
  const placed = placeGroups(newGroups, edges, ranks, discs, nodes)
  newGroups.forEach((group, g) => {
    group.members.forEach((i, k) => {
      spots[i] = { x: placed[g]!.x + inner[g]![k]!.x, y: placed[g]!.y + inner[g]![k]!.y }
    })
  })
  return spots as Spot[]
}

function discOf(group: Group, spots: readonly Spot[]): Disc {
  const xs = group.members.map((i) => spots[i]!.x)
  const ys = group.members.map((i) => spots[i]!.y)
  const x = (Math.min(...xs) + Math.max(...xs)) / 2
  const y = (Math.min(...ys) + Math.max(...ys)) / 2
  const r = Math.max(...group.members.map((_, k) => Math.hypot(xs[k]! - x, ys[k]! - y)))
  return { x, y, r: Math.max(memberRadius(1), r + 24), cluster: group.cluster, rank: 0 }
}

/** New members of a hull that is there: near the neighbours they have in it, where there is room. */
function joinGroup(group: Group, home: Disc, nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], spots: (Spot | undefined)[]) {
  const others = () => nodes.flatMap((n, i) => (n.group === group.key && spots[i] ? [{ ...spots[i], r: 16 }] : []))
  for (const i of group.members) {
    const near = edges.flatMap(([a, b]) => (a === i ? [b] : b === i ? [a] : [])).filter((j) => nodes[j]!.group === group.key && spots[j])
    const x = near.length ? near.reduce((s, j) => s + spots[j]!.x, 0) / near.length : home.x
    const y = near.length ? near.reduce((s, j) => s + spots[j]!.y, 0) / near.length : home.y
    spots[i] = freePlace({ x, y, r: 16 }, others())
  }
}

function placeGroups(
  groups: readonly Group[],
  edges: readonly LayoutEdge[],
  ranks: Float32Array,
  known: ReadonlyMap<string, Disc>,
  nodes: readonly LayoutNode[],
): Disc[] {
  const discs: Disc[] = groups.map((g) => ({
    x: 0,
    y: 0,
    r: memberRadius(g.members.length) + 22,
    cluster: g.cluster,
    rank: g.members.reduce((sum, i) => sum + ranks[i]!, 0) / g.members.length,
  }))
  if (known.size > 0) {
    const all = [...known.values()]
    for (const disc of discs) {
      const kin = all.filter((d) => d.cluster === disc.cluster)
      const around = kin.length ? kin : all
      const goal = { x: Math.max(...around.map((d) => d.x + d.r)) + disc.r, y: around.reduce((s, d) => s + d.y, 0) / around.length, r: disc.r }
      Object.assign(disc, freePlace(goal, all))
      all.push(disc)
    }
    return discs
  }
  const at = new Map(groups.map((g, i) => [g.key, i]))
  const ties = new Map<string, number>()
  for (const [from, to, weight] of edges) {
    const a = at.get(nodes[from]!.group)
    const b = at.get(nodes[to]!.group)
    if (a === undefined || b === undefined || a === b) continue
    const key = a < b ? `${a} ${b}` : `${b} ${a}`
    ties.set(key, (ties.get(key) ?? 0) + weight)
  }
  const springs = [...ties].map(([key, weight]): LayoutEdge => [Number(key.split(' ')[0]), Number(key.split(' ')[1]), weight])
  relaxGroups(discs, springs)
  separate(discs)
  return discs
}
