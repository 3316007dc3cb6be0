export { type Loss, type Ready, StreamLog } from './log.ts'
export { Spool, type SpoolOptions } from './spool.ts'
