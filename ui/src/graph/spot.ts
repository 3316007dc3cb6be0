/** A place on the map. */
export interface Spot {
  x: number
  y: number
}
/** An edge as places of its ends in the list of nodes, with a weight. */
export type LayoutEdge = readonly [from: number, to: number, weight: number]
