export { MapClient } from './map-client.ts'
export type { MapEdge, MapNode } from './prepare-map.ts'
export type { About, Picture, Rows } from './protocol.ts'
export { MapView } from './view.ts'
