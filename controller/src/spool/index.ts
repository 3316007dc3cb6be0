export { type Loss, type Ready, StreamLog } from './log.ts'
export { type LaneName, laneNames, Spool, type SpoolOptions } from './spool.ts'
