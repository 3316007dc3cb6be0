export interface Point {
  x: number
  y: number
}
export interface Hull {
  key: string
  label: string
  cluster: boolean
  points: Point[]
}

/** The corners of the smallest convex shape around points (Andrew's monotone chain). */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = points.toSorted((a, b) => a.x - b.x || a.y - b.y)
  if (sorted.length < 3) return sorted
  const half = (list: readonly Point[]) => {
    const chain: Point[] = []
    for (const p of list) {
      while (chain.length >= 2 && turn(chain.at(-2)!, chain.at(-1)!, p) <= 0) chain.pop()
      chain.push(p)
    }
    chain.pop()
    return chain
  }
  return [...half(sorted), ...half(sorted.toReversed())]
}

const turn = (a: Point, b: Point, c: Point) => (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)

const outside: Record<string, string> = { '\u0000external': 'outside', '\u0000unknown': 'unknown' }

/** The hulls to draw: clusters first, then their namespaces. */
export function hullsOf(nodes: readonly { group: string; cluster: string; x: number; y: number }[]): Hull[] {
  const clusters = new Map<string, Point[]>()
  const groups = new Map<string, Point[]>()
  for (const node of nodes) {
    const inside = !node.group.startsWith('\u0000')
    if (inside) clusters.set(node.cluster, [...(clusters.get(node.cluster) ?? []), node])
    const group = groups.get(node.group) ?? []
    group.push(node)
    groups.set(node.group, group)
  }
  return [
    ...[...clusters].map(([key, points]) => ({ key, label: key, cluster: true, points: convexHull(points) })),
    ...[...groups].map(([key, points]) => ({ key, label: outside[key] ?? key.slice(key.indexOf('/') + 1), cluster: false, points: convexHull(points) })),
  ]
}
