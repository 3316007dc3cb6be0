import type { Completeness } from '@panoptes/contract'
import type { MapEdge, MapNode, Metrics, Structure } from './prepare-map.ts'

/** What the page asks its worker. */
export type Question =
  | { kind: 'picture'; seq: number; url: string; positionsUrl: string }
  | { kind: 'about'; seq: number; node?: string; edge?: string }
  | { kind: 'rows'; seq: number }
  | { kind: 'find'; seq: number; url: string }

export interface Picture extends Metrics {
  /** Only where nodes or edges differ from the picture before. */
  structure?: Structure
  asked: { from: string; to: string }
  completeness: Completeness
  nodes: number
  edges: number
}

export interface About {
  node?: MapNode
  edge?: MapEdge
  /** Both ends of the edge. */
  ends?: { from: MapNode; to: MapNode }
  /** Edges of the node, busiest first. */
  edges: MapEdge[]
  names: Record<string, string>
}

export interface Rows {
  nodes: MapNode[]
  edges: MapEdge[]
}

export type Answer =
  | { seq: number; picture: Picture }
  | { seq: number; about: About }
  | { seq: number; rows: Rows }
  | { seq: number; found: { nodes: string[]; edges: string[] } }
  | { seq: number; error: { code: string; detail: string } }
