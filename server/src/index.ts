export { type Config, readConfig } from './platform/config/index.ts'
export { createLog } from './platform/log/index.ts'
export { openRecord, type RecordStore, storedAs } from './platform/record/index.ts'
export { type RunningServer, startServer } from './wiring.ts'
