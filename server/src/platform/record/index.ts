export type { EngineState } from './engine.ts'
export { RecordError } from './errors.ts'
export type { EngineLimits } from './limits.ts'
export { type AskOptions, type OpenOptions, type Params, type RecordStatus, RecordStore, type StreamFormat } from './record.ts'

import { type OpenOptions, RecordStore } from './record.ts'

/** Opens the record: embedded in `dataDir`, or at a ClickHouse's `url`. */
export async function openRecord(options: OpenOptions): Promise<RecordStore> {
  return RecordStore.open(options)
}
