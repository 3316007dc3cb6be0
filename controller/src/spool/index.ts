export { type Ready, StreamLog } from './log.ts'
export type { Loss } from './missing.ts'
export { type LaneName, laneNames, Spool, type SpoolOptions } from './spool.ts'
