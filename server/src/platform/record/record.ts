import { once } from 'node:events'
import { renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClickHouseError } from '@clickhouse/client'
import { PanoptesError } from '@panoptes/contract'
import type { Logger } from 'pino'
import type { Asker, AskOptions, Params, StreamFormat } from './ask.ts'
import { type Damage, detachedParts, isDamage, type Mendable, scrubTable } from './damage.ts'
import { type Driver, engineDriver, type Sent, urlDriver } from './driver.ts'
import { Engine, type EngineState } from './engine.ts'
import { translate } from './errors.ts'
import type { EngineLimits } from './limits.ts'
import { migrateRecord } from './migrate.ts'
import { rowTables } from './schema/ddl.ts'
import { lookups, madeForAll } from './schema/storage.ts'
import { filtersOf, type RecordReader, type RecordScope } from './scope.ts'

/** A column of what is inserted. */
export interface Field {
  name: string
  type: string
}

/** Column of the table by the expression that makes it. */
export type Target = { [column: string]: string }

export interface OpenOptions {
  log: Logger
  /** Embedded: folder of the data; made where it is missing. */
  dataDir?: string
  /** External: address of a ClickHouse's HTTP interface, with user and password where it asks for them. */
  url?: string
  /** External: name of the cluster that the tables are spread over; empty = one server. */
  cluster?: string
  limits?: Partial<EngineLimits>
  /** Embedded: also answer ClickHouse's HTTP interface on this port of the loopback, to try what a ClickHouse by URL does. */
  port?: number
  /** Only these migrations, for a restore; all unless told otherwise. */
  upTo?: readonly string[]
}

export interface RecordStatus extends EngineState {
  embedded: boolean
  version: string
}

/** Statements are many and short: compiling their expressions to machine code takes longer than it ever saves. */
const interpreted = { compile_expressions: 0, compile_aggregate_expressions: 0, compile_sort_description: 0 }

/** The record: one driver for the embedded engine and for a ClickHouse. */
export class RecordStore implements Asker {
  readonly embedded: boolean
  readonly dataDir: string | undefined
  readonly cluster: string
  readonly log: Logger
  readonly engine: Engine | undefined
  private readonly driver: Driver
  private version = ''
  private removed = 0
  /** Removals when all parts were seen to have the look-ups. */
  private lookedUpAt = -1
  /** Questions of readers that are not answered yet, those of work that can wait among them, and when the last was. */
  private asking = 0
  private askedMs = 0
  private damaged: Damage[] = []
  private scrubbing: Promise<unknown> = Promise.resolve()
  private readonly onDamaged = new Set<() => void>()

  private constructor(options: OpenOptions, engine: Engine | undefined) {
    this.engine = engine
    this.embedded = engine !== undefined
    this.dataDir = engine?.dataDir
    this.cluster = options.cluster ?? ''
    this.log = options.log
    this.driver = engine ? engineDriver(engine) : urlDriver(options.url!, 'panoptes')
  }

  /** Opens a folder or connects to a URL, and brings the tables up to date. Throws PAN0005 where it cannot be opened. */
  static async open(options: OpenOptions): Promise<RecordStore> {
    if (!options.dataDir === !options.url) throw new PanoptesError('PAN0003', 'the record needs either a data folder or a URL')
    const engine = options.dataDir ? new Engine({ dataDir: options.dataDir, log: options.log, limits: options.limits, port: options.port }) : undefined
    await engine?.start()
    if (options.url) await makeDatabase(options.url, options.cluster)
    const store = new RecordStore(options, engine)
    try {
      await store.prepare(options.upTo)
    } catch (error) {
      await store.close()
      throw error
    }
    return store
  }

  private async prepare(upTo?: readonly string[]): Promise<void> {
    await migrateRecord(this, upTo)
    if (this.embedded && !upTo) await this.completeLookups()
    const [row] = await this.query<{ v: string }>('SELECT version() AS v')
    this.version = row?.v ?? ''
  }

  /** Rows of a SELECT as objects. 64-bit integers are numbers: read ids above 2^53 with toString(). */
  async query<T>(sql: string, params?: Params, options: AskOptions = {}): Promise<T[]> {
    return this.run(options, async (send) => {
      const lines = await text(await send(`${sql}\nFORMAT JSONEachRow`, params))
      return lines.split('\n').flatMap((line) => (line ? [JSON.parse(line) as T] : []))
    })
  }

  /** Columns of a SELECT as arrays: cheaper than objects where there are thousands of rows. */
  async columns<T extends { [column: string]: unknown[] }>(sql: string, params?: Params, options: AskOptions = {}): Promise<T> {
    return this.run(options, async (send) => JSON.parse(await text(await send(`${sql}\nFORMAT JSONColumns`, params))) as T)
  }

  /** The answer of a SELECT as bytes while it is made; destroying the stream stops the query. */
  async stream(sql: string, format: StreamFormat, params?: Params, options: AskOptions = {}): Promise<Readable> {
    return this.run(options, (send) => send(`${sql}\nFORMAT ${format}`, params), false)
  }

  /** Runs a statement that answers nothing. */
  async command(sql: string, params?: Params, options: AskOptions = {}): Promise<void> {
    await this.run(options, async (send) => {
      for await (const _ of await send(sql, params));
    })
    if (removing.test(sql)) this.removed++
  }

  /**
   * Stores Native blocks in `table` as one part. `columns` is what the blocks hold; `target` says what each column of the
   * table is made of: an expression over the blocks' columns and query parameters. Without it, columns keep their names.
   */
  async insertNative(
    table: string,
    blocks: readonly Uint8Array[],
    columns: readonly Field[],
    target?: Target,
    params?: Params,
    options?: AskOptions,
  ): Promise<void> {
    await this.insert(table, 'Native', blocks, columns, target, params, options)
  }

  /** Stores a few rows given as objects. */
  async insertRows(table: string, rows: readonly object[], columns: readonly Field[]): Promise<void> {
    await this.insert(table, 'JSONEachRow', [rows.map((row) => JSON.stringify(row)).join('\n')], columns)
  }

  private async insert(
    table: string,
    format: string,
    data: readonly (Uint8Array | string)[],
    columns: readonly Field[],
    target?: Target,
    params?: Params,
    options: AskOptions = {},
  ): Promise<void> {
    const made = target ?? Object.fromEntries(columns.map((c) => [c.name, c.name]))
    const structure = columns.map((c) => `${c.name} ${c.type.replaceAll("'", "\\'")}`).join(', ')
    const into = `INSERT INTO ${table} (${Object.keys(made).join(', ')}) SELECT ${Object.values(made).join(', ')} FROM`
    await this.run({ ...options, settings: { ...oneBlock, ...options.settings } }, async (send) => {
      const file = await this.engine?.stage(data)
      try {
        const query = file ? `${into} file('${file}', '${format}', '${structure}')` : `${into} input('${structure}') FORMAT ${format}`
        const values = file ? undefined : Readable.from(data, { objectMode: false })
        for await (const _ of await send(query, params, values));
      } finally {
        if (file) await rm(file, { force: true })
      }
    })
  }

  /** The record as somebody may see it: every statement, whatever it asks, finds only rows of the scope. */
  reader(scope: RecordScope): RecordReader {
    // Releases before 26.3 note what a condition never matches after such a filter, and answer others from that (ClickHouse 107145).
    const safely: AskOptions['settings'] = this.embedded ? {} : { use_query_condition_cache: 0 }
    const confined = (options: AskOptions = {}): AskOptions => ({
      ...options,
      settings: { ...options.settings, ...safely, additional_table_filters: filtersOf(scope, this.cluster !== '') },
    })
    const broad = !scope.clusters && !scope.namespaces
    return {
      query: (sql, params, options) => this.asked(this.query(sql, params, confined(options))),
      columns: (sql, params, options) => this.asked(this.columns(sql, params, confined(options))),
      stream: (sql, format, params, options) => this.asked(this.stream(sql, format, params, confined(options)), (stream) => once(stream, 'close')),
      calm: () => this.calm(),
      broad,
      ...(this.embedded ? { lookup: async (name) => ((await this.allLookedUp()) ? `mergeTreeProjection(panoptes, accesses, ${name})` : undefined) } : {}),
      removals: () => this.removals(),
    }
  }

  /** Whether every part has the look-ups: those that were merged before there were any lack them, and may come back. */
  private async allLookedUp(): Promise<boolean> {
    if (this.lookedUpAt === this.removals()) return true
    const now = this.removals()
    const { lacking, broken } = await this.lookupsOfParts()
    if (lacking + broken > 0) return false
    this.lookedUpAt = now
    return true
  }

  /** Has the look-ups made for parts that lack them while nobody is at work on that: such come from a backup that was taken meanwhile. */
  private async completeLookups(): Promise<void> {
    const { lacking, pending } = await this.lookupsOfParts()
    if (lacking > 0 && pending === 0) await this.command(`ALTER TABLE accesses ${madeForAll}`)
  }

  /** Parts that lack a look-up, look-ups that the engine could not load, changes of parts that are not done. */
  private async lookupsOfParts(): Promise<{ lacking: number; broken: number; pending: number }> {
    const here = `database = 'panoptes' AND table = 'accesses'`
    const names = Object.keys(lookups).map((name) => `'${name}'`)
    const [row] = await this.query<{ lacking: number; broken: number; pending: number }>(
      `SELECT countIf(NOT hasAll(projections, [${names.join(', ')}])) AS lacking,
         (SELECT count() FROM system.projection_parts WHERE active AND is_broken AND ${here}) AS broken,
         (SELECT count() FROM system.mutations WHERE NOT is_done AND ${here}) AS pending
       FROM system.parts WHERE active AND rows > 0 AND ${here}`,
    )
    return { lacking: Number(row?.lacking), broken: Number(row?.broken), pending: Number(row?.pending) }
  }

  private removals(): number {
    return this.removed + (this.engine?.status.restarts ?? 0)
  }

  /** Counts a question until it is answered; `end`: until what it is answered with has ended. */
  private asked<T>(answer: Promise<T>, end: (value: T) => unknown = () => {}): Promise<T> {
    this.asking++
    const answered = () => {
      this.asking--
      this.askedMs = Date.now()
    }
    answer.then(end).then(answered, answered)
    return answer
  }

  private async calm(): Promise<void> {
    for (const end = Date.now() + mostCalmMs; Date.now() < end && (this.asking > 0 || Date.now() - this.askedMs < calmMs); ) await sleep(calmMs / 2)
  }

  /** Name and cluster clause of the table that holds the rows: for ALTER and system tables. */
  local(table: string): { name: string; onCluster: string } {
    return this.cluster ? { name: `${table}_local`, onCluster: ` ON CLUSTER '${this.cluster}'` } : { name: table, onCluster: '' }
  }

  /** Parts that are set aside because they are damaged. */
  problems(): readonly Damage[] {
    return this.damaged
  }

  /** Looks for parts that the engine set aside when it started. */
  async findDetached(): Promise<readonly Damage[]> {
    this.damaged = await detachedParts(this)
    for (const damage of this.damaged) this.log.error(damage, 'part of the record is damaged and set aside')
    return this.damaged
  }

  /**
   * Reads all of the record, or some of its tables, slowly and sets damaged parts aside. Where what a part was merged from still
   * lies there, that takes its place: the engine starts again for it. Answers all that are set aside.
   */
  scrub({ tables = [...rowTables, 'batches'], youngerThanS }: { tables?: readonly string[]; youngerThanS?: number } = {}): Promise<readonly Damage[]> {
    // One at a time: two would set the same part aside.
    const scrubbed = this.scrubbing.then(async () => {
      let [left, seconds] = [tables, youngerThanS]
      for (let times = 0; left.length > 0; times++) {
        const mendable: Mendable[] = []
        for (const table of left) mendable.push(...(await scrubTable(this, table, { mends: this.embedded && times < 2, youngerThanS: seconds })))
        if (mendable.length > 0) await this.mend(mendable)
        // What has taken their place is older, and may be damaged too.
        left = tables.filter((table) => mendable.some((part) => part.table === table))
        seconds = undefined
      }
      return this.findDetached()
    })
    this.scrubbing = scrubbed.catch(() => {})
    return scrubbed
  }

  /** Puts damaged parts aside while the engine is away: when it is back it takes up what they were merged from. */
  private async mend(parts: readonly Mendable[]): Promise<void> {
    for (const part of parts) this.log.error(part, 'part of the record is damaged; the parts that it was merged from take its place')
    await this.engine?.restart('damaged parts are put aside', () => {
      for (const { part, path } of parts) {
        try {
          renameSync(path, join(dirname(path), 'detached', `broken_${part}`))
        } catch (error) {
          this.log.error({ err: error, part }, 'part of the record cannot be put aside')
        }
      }
    })
  }

  /** Calls back when a statement met damaged data. */
  onDamage(callback: () => void): void {
    this.onDamaged.add(callback)
  }

  status(): RecordStatus {
    const engine = this.engine?.status ?? { state: 'ready' as const, restarts: 0, cause: '' }
    return { ...engine, embedded: this.embedded, version: this.version }
  }

  async close(): Promise<void> {
    await this.driver.close()
    await this.engine?.close()
  }

  private async run<T>(
    options: AskOptions,
    work: (send: (sql: string, params?: Params, data?: Readable) => Promise<Readable>) => Promise<T>,
    whole = true,
  ): Promise<T> {
    const state = this.engine?.status
    if (state && state.state !== 'ready') throw new PanoptesError('PAN0005', `the record is not ready: ${state.cause}`)
    const settings: Sent['settings'] = { output_format_json_quote_64bit_integers: 0, ...interpreted, ...options.settings }
    if (whole) settings.wait_end_of_query = 1
    if (options.maxSeconds) settings.max_execution_time = options.maxSeconds
    if (options.maxMemory) settings.max_memory_usage = options.maxMemory
    if (options.maxThreads) settings.max_threads = options.maxThreads
    try {
      return await work((sql, params, data) => this.driver.send({ sql, params, settings, signal: options.signal, data }))
    } catch (error) {
      options.signal?.throwIfAborted()
      const known = translate(error, ClickHouseError)
      if (isDamage(known)) for (const callback of this.onDamaged) callback()
      throw known
    }
  }
}

/** How long nobody asks before work that can wait goes on, and how long it waits for that. */
const [calmMs, mostCalmMs] = [100, 10_000]

/** Statements after which the rows of a table are others. */
const removing = /^ALTER TABLE \S+.* (?:DELETE|DROP|DETACH|ATTACH) /

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

/** An address where nothing answers is told soon. */
const firstContactMs = 30_000

async function makeDatabase(url: string, cluster?: string): Promise<void> {
  const driver = urlDriver(url, undefined, firstContactMs)
  try {
    for await (const _ of await driver.send({ sql: `CREATE DATABASE IF NOT EXISTS panoptes${cluster ? ` ON CLUSTER '${cluster}'` : ''}`, settings: {} }));
  } catch (error) {
    throw translate(error, ClickHouseError)
  } finally {
    await driver.close()
  }
}
