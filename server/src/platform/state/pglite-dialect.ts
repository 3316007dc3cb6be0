import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PGliteAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import type { PgliteHost } from './pglite-host.ts'

/** Kysely over the worker with the embedded PostgreSQL. There is one connection; Kysely lends it to one caller at a time. */
export function pgliteDialect(host: PgliteHost): Dialect {
  return {
    createAdapter: () => new PGliteAdapter(),
    createDriver: () => new HostDriver(host),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

class HostConnection implements DatabaseConnection {
  #host: PgliteHost
  /** Set within a transaction: the worker in which it began. */
  generation: number | undefined

  constructor(host: PgliteHost) {
    this.#host = host
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, affected } = await this.#host.query(query.sql, query.parameters, this.generation)
    return { rows: rows as R[], ...(affected === undefined ? {} : { numAffectedRows: BigInt(affected) }) }
  }

  // biome-ignore lint/correctness/useYield: nothing here streams; the record does.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('the embedded state store does not stream')
  }
}

class HostDriver implements Driver {
  #host: PgliteHost
  #connection: HostConnection

  constructor(host: PgliteHost) {
    this.#host = host
    this.#connection = new HostConnection(host)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<HostConnection> {
    return this.#connection
  }

  async beginTransaction(connection: HostConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin'))
    connection.generation = this.#host.generation
  }

  async commitTransaction(connection: HostConnection): Promise<void> {
    await this.#end(connection, 'commit')
  }

  async rollbackTransaction(connection: HostConnection): Promise<void> {
    await this.#end(connection, 'rollback')
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#host.close()
  }

  async #end(connection: HostConnection, how: 'commit' | 'rollback'): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw(how))
    } finally {
      connection.generation = undefined
    }
  }
}
