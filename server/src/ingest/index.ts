export { restoreRecord } from './backup.ts'
export { createIngest, type IngestOptions } from './ingest.ts'
export type * from './types.ts'
