import { join } from 'node:path'
import { PanoptesError } from '@panoptes/contract'
import { CamelCasePlugin, Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { migrate } from './migrate.ts'
import { pgliteDialect } from './pglite-dialect.ts'
import { PgliteHost } from './pglite-host.ts'
import type { Tables } from './schema.ts'

export interface StateOptions {
  /** Folder of the server; the embedded store lives in its `state`. */
  dataDir: string
  /** Use this PostgreSQL instead of the embedded one. */
  postgresUrl?: string | undefined
  onTrouble: (detail: string) => void
  /** Leave the schema to `importState`. */
  empty?: boolean
  /** For tests: see PgliteHost. */
  hangAfterMs?: number
}

/** The state store: users, settings, keys, audit. What is in it is the truth for all replicas. */
export interface State {
  kind: 'embedded' | 'postgres'
  db: Kysely<Tables>
  /** Version of the database, or undefined while it does not answer. */
  probe(): Promise<string | undefined>
  /** Reclaims dead rows; the embedded store does not do so by itself. */
  vacuum(): Promise<void>
  close(): Promise<void>
}

// Counters fit a number; as text they would only look alike.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/** Opens the embedded or the given PostgreSQL and brings its schema up to date. Throws PAN0005 where it cannot be reached. */
export async function openState(options: StateOptions): Promise<State> {
  const plugins = [new CamelCasePlugin({ maintainNestedObjectKeys: true })]
  let db: Kysely<Tables>
  if (options.postgresUrl) {
    const pool = new pg.Pool({ connectionString: options.postgresUrl, max: 10, connectionTimeoutMillis: 10_000 })
    pool.on('error', (error) => options.onTrouble(`PostgreSQL: ${error.message}`))
    db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }), plugins })
  } else {
    const host = await PgliteHost.open(join(options.dataDir, 'state'), options)
    db = new Kysely<Tables>({ dialect: pgliteDialect(host), plugins })
  }
  try {
    if (!options.empty) await migrate(db)
  } catch (error) {
    await db.destroy()
    if (error instanceof PanoptesError) throw error
    throw new PanoptesError('PAN0005', `the state store cannot be used: ${(error as Error).message}`, {}, { cause: error })
  }
  return {
    kind: options.postgresUrl ? 'postgres' : 'embedded',
    db,
    probe: async () => {
      const answer = await sql<{ serverVersion: string }>`show server_version`.execute(db).catch(() => undefined)
      return answer?.rows[0]?.serverVersion
    },
    vacuum: async () => {
      if (!options.postgresUrl) await sql`vacuum`.execute(db)
    },
    close: () => db.destroy(),
  }
}
