import type Graph from 'graphology'
import type Sigma from 'sigma'
import type { Spot } from './spot.ts'

/** Pixels beside an edge that still mean it. */
const reach = 5

/** The edge nearest to a place on the screen, where one is within reach. Asked on a click alone, it is cheaper than a hidden picture of all edges with every frame. */
export function edgeAt(sigma: Sigma, graph: Graph, at: Spot): string | undefined {
  let nearest = reach
  let found: string | undefined
  graph.forEachEdge((id, _, __, ___, from, to) => {
    const distance = distanceTo(at, sigma.graphToViewport(from as unknown as Spot), sigma.graphToViewport(to as unknown as Spot))
    if (distance > nearest) return
    nearest = distance
    found = id
  })
  return found
}

/** From a point to the line between two others. */
export function distanceTo({ x, y }: Spot, a: Spot, b: Spot): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y]
  const along = Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy || 1)))
  return Math.hypot(a.x + along * dx - x, a.y + along * dy - y)
}
