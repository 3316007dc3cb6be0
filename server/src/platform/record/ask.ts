export type Params = { [name: string]: unknown }

export interface AskOptions {
  signal?: AbortSignal
  /** Seconds the statement may run. */
  maxSeconds?: number
  /** Bytes of memory it may take. */
  maxMemory?: number
  maxThreads?: number
  /** Further settings of ClickHouse. */
  settings?: { [name: string]: string | number }
}

export type StreamFormat = 'JSONEachRow' | 'JSONCompactEachRow' | 'CSVWithNames' | 'Native' | 'Parquet'

/** What the helpers of the record ask it through. */
export interface Asker {
  readonly cluster: string
  query<T>(sql: string, params?: Params, options?: AskOptions): Promise<T[]>
  command(sql: string, params?: Params, options?: AskOptions): Promise<void>
  /** The table that holds the rows themselves, and the clause that reaches every server of the cluster. */
  local(table: string): { name: string; onCluster: string }
}
