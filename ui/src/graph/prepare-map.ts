import type { trafficRoutes } from '@panoptes/contract'
import type { z } from 'zod'

export type Topology = z.output<(typeof trafficRoutes.getTopology)['response']>
export type MapNode = Topology['nodes'][number]
export type MapEdge = Topology['edges'][number]

/** How bad something is: colour and shape follow it. */
export const levels = ['idle', 'ok', 'warn', 'bad', 'denied'] as const
export const idle = 0
export const ok = 1
export const warn = 2
export const bad = 3
export const denied = 4

export const isSecured = 1
export const isTcp = 2
export const isGrpc = 4

/** What the map draws, in the order of its nodes and edges: plain arrays, so that a live update of thousands of edges is cheap. */
export interface Metrics {
  nodeSize: Float32Array
  nodeLevel: Uint8Array
  edgeSize: Float32Array
  edgeLevel: Uint8Array
  edgeMarks: Uint8Array
}

export interface StructureNode {
  id: string
  label: string
  kind: MapNode['kind']
  /** Namespace hull that it belongs to; empty = none. */
  group: string
  cluster: string
}

export interface Structure {
  nodes: StructureNode[]
  edges: { id: string; from: string; to: string }[]
  x: Float32Array
  y: Float32Array
}

/** The hull a node stands in. */
export function groupOf(node: Pick<MapNode, 'kind' | 'cluster' | 'namespace'>): string {
  if (node.kind === 'external') return '\u0000external'
  if (node.kind === 'unknown' || node.cluster === '') return '\u0000unknown'
  return `${node.cluster}/${node.namespace}`
}

export function labelOf(node: MapNode): string {
  return node.kind === 'version' && node.version ? `${node.name} ${node.version}` : node.name
}

function level(count: number, errors: number, refused = 0): number {
  if (count === 0) return idle
  const ratio = errors / count
  if (ratio >= 0.05) return bad
  if (refused > 0) return denied
  return ratio >= 0.01 ? warn : ok
}

const log = (rate: number) => Math.log10(1 + Math.max(0, rate))

/** Widths, sizes, levels and marks of a topology. */
export function metricsOf({ nodes, edges }: Pick<Topology, 'nodes' | 'edges'>): Metrics {
  const base = nodes.length > 800 ? 2.6 : nodes.length > 200 ? 4 : 7.5
  const widest = edges.length > 3_000 ? 2.4 : edges.length > 500 ? 4 : 6
  const metrics: Metrics = {
    nodeSize: new Float32Array(nodes.length),
    nodeLevel: new Uint8Array(nodes.length),
    edgeSize: new Float32Array(edges.length),
    edgeLevel: new Uint8Array(edges.length),
    edgeMarks: new Uint8Array(edges.length),
  }
  nodes.forEach((node, i) => {
    metrics.nodeSize[i] = base * (1 + Math.min(1, log(node.rateIn + node.rateOut) / 4))
    metrics.nodeLevel[i] = level(node.rateIn > 0 ? 1 : 0, node.errorRatio) || (node.rateOut > 0 ? ok : idle)
  })
  edges.forEach((edge, i) => {
    metrics.edgeSize[i] = Math.min(widest, (widest / 6) * (0.9 + 1.35 * log(edge.rate)))
    metrics.edgeLevel[i] = level(edge.count, edge.errors, edge.denied)
    metrics.edgeMarks[i] = (edge.mtlsRatio >= 0.999 ? isSecured : 0) | (edge.protocol === 'tcp' ? isTcp : 0) | (edge.protocol === 'grpc' ? isGrpc : 0)
  })
  return metrics
}

/** Whether two topologies have the same nodes and edges in the same order. */
export function sameShape(a: Pick<Topology, 'nodes' | 'edges'> | undefined, b: Pick<Topology, 'nodes' | 'edges'>): boolean {
  if (!a || a.nodes.length !== b.nodes.length || a.edges.length !== b.edges.length) return false
  return a.nodes.every((n, i) => n.id === b.nodes[i]!.id) && a.edges.every((e, i) => e.id === b.edges[i]!.id)
}

/** The same topology in an order that does not depend on rates, without edges whose ends are missing. */
export function ordered(topology: Topology): Topology {
  const by = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  const ids = new Set(topology.nodes.map((n) => n.id))
  return { ...topology, nodes: topology.nodes.toSorted(by), edges: topology.edges.filter((e) => ids.has(e.from) && ids.has(e.to)).toSorted(by) }
}
