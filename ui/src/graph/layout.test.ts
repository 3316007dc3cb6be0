import { describe, expect, it } from 'vitest'
import { type LayoutNode, layOutMap, ranksOf } from './layout.ts'
import type { LayoutEdge } from './spot.ts'

/** A made-up mesh of `clusters` × `namespaces` × `each` workloads. */
function mesh(clusters: number, namespaces: number, each: number): { nodes: LayoutNode[]; edges: LayoutEdge[] } {
  const nodes: LayoutNode[] = []
  for (let c = 0; c < clusters; c++)
    for (let n = 0; n < namespaces; n++) for (let w = 0; w < each; w++) nodes.push({ id: `c${c}/n${n}/w${w}`, group: `c${c}/n${n}`, cluster: `c${c}` })
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed % below
  }
  const edges = Array.from({ length: nodes.length * 5 }, (): LayoutEdge => [random(nodes.length), random(nodes.length), 1 + random(100)])
  return { nodes, edges }
}
const distance = (a: { x: number; y: number }, b: { x: number; y: number }) => Math.hypot(a.x - b.x, a.y - b.y)

describe('the layout', () => {
  const { nodes, edges } = mesh(2, 5, 8)
  const spots = layOutMap(nodes, edges, new Map())

  it('is the same for the same input', () => expect(layOutMap(nodes, edges, new Map())).toEqual(spots))

  it('keeps namespaces apart', () => {
    const middle = (group: string) => {
      const own = spots.filter((_, i) => nodes[i]!.group === group)
      return { x: own.reduce((s, p) => s + p.x, 0) / own.length, y: own.reduce((s, p) => s + p.y, 0) / own.length }
    }
    nodes.forEach((node, i) => {
      const nearest = [...new Set(nodes.map((n) => n.group))].sort((a, b) => distance(spots[i]!, middle(a)) - distance(spots[i]!, middle(b)))[0]
      expect(nearest).toBe(node.group)
    })
  })

  it('never moves a known node, and finds room for new ones', () => {
    const known = new Map(nodes.map((n, i) => [n.id, spots[i]!]))
    const more: LayoutNode[] = [...nodes, { id: 'c0/n0/new', group: 'c0/n0', cluster: 'c0' }, { id: 'c0/fresh/a', group: 'c0/fresh', cluster: 'c0' }]
    const after = layOutMap(more, [...edges, [0, nodes.length, 5]], known)
    expect(after.slice(0, nodes.length)).toEqual(spots)
    for (const fresh of after.slice(nodes.length)) expect(Math.min(...spots.map((s) => distance(s, fresh)))).toBeGreaterThan(12)
  })

  it('puts the outside world right of everything', () => {
    const outside = layOutMap([...nodes, { id: 'external:x', group: '\u0000external', cluster: '' }], edges, new Map())
    expect(outside.at(-1)!.x).toBeGreaterThan(Math.max(...outside.slice(0, -1).map((s) => s.x)))
  })

  it('ranks by steps from the callers', () =>
    expect([
      ...ranksOf(4, [
        [0, 1, 1],
        [1, 2, 1],
        [0, 2, 1],
        [2, 3, 1],
      ]),
    ]).toEqual([0, 1, 1, 2]))
})
