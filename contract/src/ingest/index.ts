/** What controllers need of the contract, and no more: they run in small pods. */
export * from '../errors.ts'
export * from '../record/accesses.ts'
export * from '../record/batch.ts'
export * from '../record/column.ts'
export * from '../record/gaps.ts'
export * from '../record/proxy-counters.ts'
export * from './routes.ts'
