import type { LayoutEdge, Spot } from './spot.ts'

const spacing = 46

/** Radius of the disc that holds so many nodes. */
export function memberRadius(count: number): number {
  return spacing * 0.62 * Math.sqrt(count) + (count > 1 ? 10 : 4)
}

/** Places nodes that belong to no namespace below each other: their names are long, and they have nothing to say to each other. */
export function layOutColumn(count: number): Spot[] {
  const high = Math.max(8, Math.ceil(Math.sqrt(count * 4)))
  return Array.from({ length: count }, (_, i) => ({
    x: Math.floor(i / high) * spacing * 2.4,
    y: ((i % high) - (Math.min(high, count) - 1) / 2) * spacing * 0.9,
  }))
}

/** Places the nodes of one namespace around its middle: repulsion, springs along edges, callers to the left, never outside the disc. */
export function layOutMembers(members: readonly number[], edges: readonly LayoutEdge[], ranks: Float32Array): Spot[] {
  const count = members.length
  const radius = memberRadius(count)
  if (count === 1) return [{ x: 0, y: 0 }]
  const at = new Map(members.map((node, i) => [node, i]))
  const springs = edges.flatMap(([a, b]) => {
    const [i, j] = [at.get(a), at.get(b)]
    return i !== undefined && j !== undefined && i !== j ? [[i, j] as const] : []
  })
  const order = [...members.keys()].sort((a, b) => ranks[members[a]!]! - ranks[members[b]!]! || a - b)
  const x = new Float32Array(count)
  const y = new Float32Array(count)
  order.forEach((i, k) => {
    const angle = k * 2.399963
    const r = radius * 0.9 * Math.sqrt((k + 0.5) / count)
    x[i] = Math.cos(angle) * r * 0.5 + (k / (count - 1) - 0.5) * radius
    y[i] = Math.sin(angle) * r
  })
  const rounds = Math.max(20, Math.min(120, Math.round(120_000 / (count * count))))
  const reach = (spacing * 1.5) ** 2
  const fx = new Float32Array(count)
  const fy = new Float32Array(count)
  for (let round = 0; round < rounds; round++) {
    fx.fill(0)
    fy.fill(0)
    for (let i = 0; i < count; i++) {
      for (let j = i + 1; j < count; j++) {
        const dx = x[i]! - x[j]! || 0.01 * (i - j)
        const dy = y[i]! - y[j]! || 0.01
        const d2 = dx * dx + dy * dy
        // Only near ones push: else all would end up on the rim.
        if (d2 > reach) continue
        const force = (spacing * spacing) / Math.max(d2, 9)
        fx[i]! += dx * force * 0.12
        fy[i]! += dy * force * 0.12
        fx[j]! -= dx * force * 0.12
        fy[j]! -= dy * force * 0.12
      }
    }
    for (const [i, j] of springs) {
      const dx = x[j]! - x[i]!
      const dy = y[j]! - y[i]!
      const pull = (1 - spacing / Math.max(1, Math.hypot(dx, dy))) * 0.06
      fx[i]! += dx * pull
      fy[i]! += dy * pull
      fx[j]! -= dx * pull
      fy[j]! -= dy * pull
    }
    const most = spacing * 0.5 * (1 - round / rounds)
    for (let i = 0; i < count; i++) {
      const step = Math.hypot(fx[i]!, fy[i]!) || 1
      const scale = Math.min(1, most / step)
      x[i]! += fx[i]! * scale
      y[i]! += fy[i]! * scale
      const out = Math.hypot(x[i]!, y[i]!)
      if (out > radius) {
        x[i]! *= radius / out
        y[i]! *= radius / out
      }
    }
  }
  return Array.from({ length: count }, (_, i) => ({ x: x[i]!, y: y[i]! }))
}
