import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type ClickHouseClient, ClickHouseError, createClient } from '@clickhouse/client'
import { type Column, PanoptesError } from '@panoptes/contract'
import type { Logger } from 'pino'
import { Engine, type EngineState } from './engine.ts'
import { translate } from './errors.ts'
import type { EngineLimits } from './limits.ts'

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

export interface OpenOptions {
  log: Logger
  /** Embedded: folder of the data; made where it is missing. */
  dataDir?: string
  /** External: address of a ClickHouse's HTTP interface, with user and password where it asks for them. */
  url?: string
  /** External: name of the cluster that the tables are spread over; empty = one server. */
  cluster?: string
  limits?: Partial<EngineLimits>
}

export interface RecordStatus extends EngineState {
  embedded: boolean
  version: string
}

/** The record: one driver for the embedded engine and for a ClickHouse. */
export class RecordStore {
  readonly embedded: boolean
  readonly dataDir: string | undefined
  readonly cluster: string
  readonly log: Logger
  readonly engine: Engine | undefined
  private readonly client: ClickHouseClient
  private version = ''

  private constructor(options: OpenOptions, engine: Engine | undefined) {
    this.engine = engine
    this.embedded = engine !== undefined
    this.dataDir = engine?.dataDir
    this.cluster = options.cluster ?? ''
    this.log = options.log
    this.client = createClient({
      url: engine ? 'http://record' : options.url!,
      database: engine ? 'panoptes' : undefined,
      http_agent: engine?.agent,
      request_timeout: 3_600_000,
      max_open_connections: 64,
      application: 'panoptes',
      compression: { request: false, response: !engine },
      log: { level: 127 },
    })
  }

  /** Opens a folder or connects to a URL. Throws PAN0005 where it cannot be opened. Tables are made by `migrateRecord`. */
  static async open(options: OpenOptions): Promise<RecordStore> {
    if (!options.dataDir === !options.url) throw new PanoptesError('PAN0003', 'the record needs either a data folder or a URL')
    const engine = options.dataDir ? new Engine({ dataDir: options.dataDir, log: options.log, limits: options.limits }) : undefined
    await engine?.start()
    const store = new RecordStore(options, engine)
    const [row] = await store.query<{ v: string }>('SELECT version() AS v')
    store.version = row?.v ?? ''
    return store
  }

  /** Rows of a SELECT as objects. 64-bit integers are numbers: read ids above 2^53 with toString(). */
  async query<T>(sql: string, params?: Params, options: AskOptions = {}): Promise<T[]> {
    return this.run(options, async (common) => {
      const result = await this.client.query({ ...common, query: sql, query_params: params, format: 'JSONEachRow' })
      return await result.json<T>()
    })
  }

  /** Columns of a SELECT as arrays: cheaper than objects where there are thousands of rows. */
  async columns<T extends { [column: string]: unknown[] }>(sql: string, params?: Params, options: AskOptions = {}): Promise<T> {
    return this.run(options, async (common) => {
      const { stream } = await this.client.exec({ ...common, query: `${sql}\nFORMAT JSONColumns`, query_params: params })
      return JSON.parse(await text(stream as Readable)) as T
    })
  }

  /** The answer of a SELECT as bytes while it is made; destroying the stream stops the query. */
  async stream(sql: string, format: StreamFormat, params?: Params, options: AskOptions = {}): Promise<Readable> {
    return this.run(
      options,
      async (common) => {
        const { stream } = await this.client.exec({ ...common, query: `${sql}\nFORMAT ${format}`, query_params: params })
        return stream as Readable
      },
      false,
    )
  }

  /** Runs a statement that answers nothing. */
  async command(sql: string, params?: Params, options: AskOptions = {}): Promise<void> {
    await this.run(options, async (common) => {
      const { stream } = await this.client.exec({ ...common, query: sql, query_params: params })
      for await (const _ of stream as Readable);
    })
  }

  /**
   * Stores one Native block in `table` in one part. `columns` is what the block holds; `constants` are further columns by
   * name: an expression over query parameters (`{org:String}`) or over the block's columns.
   */
  async insertNative(
    table: string,
    bytes: Readable | Uint8Array,
    columns: readonly Pick<Column, 'name' | 'type'>[],
    constants: { [column: string]: string } = {},
    params?: Params,
    options: AskOptions = {},
  ): Promise<void> {
    const names = [...columns.map((c) => c.name), ...Object.keys(constants)]
    const values = [...columns.map((c) => c.name), ...Object.values(constants)]
    const structure = columns.map((c) => `${c.name} ${c.type.replaceAll("'", "\\'")}`).join(', ')
    const query = `INSERT INTO ${table} (${names.join(', ')}) SELECT ${values.join(', ')} FROM input('${structure}') FORMAT Native`
    const body = bytes instanceof Uint8Array ? Readable.from([bytes], { objectMode: false }) : bytes
    await this.run({ ...options, settings: { ...oneBlock, ...options.settings } }, async (common) => {
      const { stream } = await this.client.exec({ ...common, query, query_params: params, values: body })
      for await (const _ of stream as Readable);
    })
  }

  status(): RecordStatus {
    const engine = this.engine?.status ?? { state: 'ready' as const, restarts: 0, cause: '' }
    return { ...engine, embedded: this.embedded, version: this.version }
  }

  async close(): Promise<void> {
    await this.client.close()
    await this.engine?.close()
  }

  private async run<T>(
    options: AskOptions,
    work: (common: { abort_signal?: AbortSignal; clickhouse_settings: { [name: string]: string | number } }) => Promise<T>,
    whole = true,
  ): Promise<T> {
    const state = this.engine?.status
    if (state && state.state !== 'ready') throw new PanoptesError('PAN0005', `the record is not ready: ${state.cause}`)
    const settings: { [name: string]: string | number } = { output_format_json_quote_64bit_integers: 0, ...options.settings }
    if (whole) settings.wait_end_of_query = 1
    if (options.maxSeconds) settings.max_execution_time = options.maxSeconds
    if (options.maxMemory) settings.max_memory_usage = options.maxMemory
    if (options.maxThreads) settings.max_threads = options.maxThreads
    try {
      return await work({ abort_signal: options.signal, clickhouse_settings: settings })
    } catch (error) {
      options.signal?.throwIfAborted()
      throw translate(error, ClickHouseError)
    }
  }
}

/** A block stays one block and one part, so that it is stored whole or not at all. */
const oneBlock = {
  max_insert_threads: 1,
  input_format_parallel_parsing: 0,
  max_block_size: 1_048_576,
  max_insert_block_size: 1_048_576,
  min_insert_block_size_rows: 1_048_576,
  min_insert_block_size_bytes: 1_073_741_824,
  async_insert: 0,
}
