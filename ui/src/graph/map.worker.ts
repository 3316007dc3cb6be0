import { layOutMap } from './layout.ts'
import { groupOf, labelOf, type MapEdge, metricsOf, ordered, sameShape, type Topology } from './prepare-map.ts'
import type { About, Answer, Picture, Question } from './protocol.ts'
import type { LayoutEdge, Spot } from './spot.ts'

/** Fetches, reads and lays out topologies away from the page's own thread; keeps the newest one to answer from. */
let current: Topology | undefined
const known = new Map<string, Spot>()
let loaded: Promise<void> | undefined

class Refused extends Error {
  readonly code: string
  constructor(code: string, detail: string) {
    super(detail)
    this.code = code
  }
}

async function ask<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init)
  if (response.ok) return (await response.json()) as T
  const body = (await response.json().catch(() => ({}))) as { code?: string; detail?: string }
  throw new Refused(body.code ?? 'PAN0001', body.detail ?? `the server answered ${response.status}`)
}

async function loadPositions(url: string): Promise<void> {
  const { positions } = await ask<{ positions: { id: string; x: number; y: number }[] }>(url)
  for (const { id, x, y } of positions) known.set(id, { x, y })
}

async function picture(url: string, positionsUrl: string): Promise<Picture> {
  loaded ??= loadPositions(positionsUrl)
  const [raw] = await Promise.all([ask<Topology>(url), loaded])
  const topology = ordered(raw)
  const same = sameShape(current, topology)
  current = topology
  const { asked, completeness, nodes, edges } = topology
  const result: Picture = { ...metricsOf(topology), asked, completeness, nodes: nodes.length, edges: edges.length }
  if (!same) result.structure = structure(topology, positionsUrl)
  return result
}

function structure({ nodes, edges }: Topology, positionsUrl: string): NonNullable<Picture['structure']> {
  const at = new Map(nodes.map((n, i) => [n.id, i]))
  const ties = edges.map((e): LayoutEdge => [at.get(e.from)!, at.get(e.to)!, e.rate])
  const spots = layOutMap(
    nodes.map((n) => ({ id: n.id, cluster: n.cluster, group: groupOf(n) })),
    ties,
    known,
  )
  const fresh = nodes.flatMap((n, i) => (known.has(n.id) ? [] : [{ id: n.id, x: spots[i]!.x, y: spots[i]!.y, pinned: false }]))
  for (const { id, x, y } of fresh) known.set(id, { x, y })
  if (fresh.length > 0) void keep(fresh, positionsUrl)
  return {
    nodes: nodes.map((n) => ({ id: n.id, label: labelOf(n), kind: n.kind, group: groupOf(n), cluster: n.cluster })),
    edges: edges.map(({ id, from, to }) => ({ id, from, to })),
    x: Float32Array.from(spots, (s) => s.x),
    y: Float32Array.from(spots, (s) => s.y),
  }
}

/** New positions go to the server, so that everybody sees the same map tomorrow. A failure costs nothing but that. */
async function keep(positions: { id: string; x: number; y: number; pinned: boolean }[], url: string): Promise<void> {
  const body = JSON.stringify({ positions })
  await fetch(url, { method: 'PUT', headers: { 'content-type': 'application/json' }, body }).catch(() => undefined)
}

function about(node: string | undefined, edge: string | undefined): About {
  const edges = current?.edges ?? []
  const of = edge ? edges.filter((e) => e.id === edge) : edges.filter((e) => e.from === node || e.to === node)
  const busiest = of.toSorted((a: MapEdge, b: MapEdge) => b.rate - a.rate)
  const byId = new Map((current?.nodes ?? []).map((n) => [n.id, n]))
  const one = edge ? busiest[0] : undefined
  return {
    node: node ? byId.get(node) : undefined,
    edge: one,
    ends: one && { from: byId.get(one.from)!, to: byId.get(one.to)! },
    edges: busiest,
    names: Object.fromEntries(busiest.flatMap((e) => [e.from, e.to]).map((id) => [id, labelOf(byId.get(id)!)])),
  }
}

async function answer(question: Question): Promise<Answer> {
  const { seq } = question
  switch (question.kind) {
    case 'picture':
      return { seq, picture: await picture(question.url, question.positionsUrl) }
    case 'about':
      return { seq, about: about(question.node, question.edge) }
    case 'rows':
      return { seq, rows: { nodes: current?.nodes ?? [], edges: current?.edges ?? [] } }
    case 'find': {
      const found = await ask<Topology>(question.url)
      return { seq, found: { nodes: found.nodes.map((n) => n.id), edges: found.edges.map((e) => e.id) } }
    }
  }
}

self.onmessage = async (event: MessageEvent<Question>) => {
  try {
    self.postMessage(await answer(event.data))
  } catch (error) {
    const code = error instanceof Refused ? error.code : 'network'
    self.postMessage({ seq: event.data.seq, error: { code, detail: error instanceof Error ? error.message : String(error) } } satisfies Answer)
  }
}
