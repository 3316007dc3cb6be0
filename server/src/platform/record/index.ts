export type { AskOptions, Params, StreamFormat } from './ask.ts'
export { type Damage, isDamage } from './damage.ts'
export type { EngineState } from './engine.ts'
export { RecordError } from './errors.ts'
export type { EngineLimits } from './limits.ts'
export { migrateRecord } from './migrate.ts'
export { type Field, type OpenOptions, type RecordStatus, RecordStore, type Target } from './record.ts'

export { rowTables } from './schema/ddl.ts'
export { blockColumn, endKey, endKeys, hashOfId, idKeys, type Lookup, lookupColumn, lookupOf, storedAs } from './schema/storage.ts'
export type { RecordReader, RecordScope } from './scope.ts'

import { type OpenOptions, RecordStore } from './record.ts'

/** Opens the record: embedded in `dataDir`, or at a ClickHouse's `url`. */
export async function openRecord(options: OpenOptions): Promise<RecordStore> {
  return RecordStore.open(options)
}
