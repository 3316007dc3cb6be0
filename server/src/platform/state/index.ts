export { newId } from './id.ts'
export { holdLease, releaseLeases } from './leases.ts'
export { openState, type State, type StateOptions } from './open.ts'
export type { Tables } from './schema.ts'
