import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { PanoptesError } from '@panoptes/contract'
import { type Kysely, sql } from 'kysely'
import { migrate } from './migrate.ts'
import type { Tables } from './schema.ts'

/** Left out: what only the running server means something by. */
const transient: ReadonlySet<string> = new Set(['migrations', 'leases', 'attempts', 'heartbeats', 'jobs'])
const pageRows = 1_000
type Line = { migrations: string[] } | { table: string; row: unknown }

/**
 * Writes all tables as lines of JSON, in one consistent view: the first line names the migrations, then one line per row,
 * tables before those that refer to them. Reads alike into PGlite and PostgreSQL. Returns the number of rows.
 */
export async function exportState(db: Kysely<Tables>, file: string): Promise<number> {
  const out = await open(file, 'wx', 0o600)
  try {
    return await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (tx) => {
        const { rows: applied } = await sql<{ name: string }>`select name from migrations order by name`.execute(tx)
        await out.write(`${JSON.stringify({ migrations: applied.map((row) => row.name) } satisfies Line)}\n`)
        let count = 0
        for (const table of await tablesInOrder(tx)) {
          // Pages by ctid: every table has one, whatever its key.
          for (let after = '(0,0)'; ; ) {
            const page = sql<{ place: string; row: string }>`
              select ctid::text as place, row_to_json(t)::text as row from ${sql.table(table)} as t
              where ctid > ${after}::tid order by ctid limit ${sql.lit(pageRows)}`
            const { rows } = await page.execute(tx)
            if (rows.length === 0) break
            await out.write(rows.map(({ row }) => `{"table":${JSON.stringify(table)},"row":${row}}\n`).join(''))
            count += rows.length
            after = rows.at(-1)!.place
          }
        }
        await out.sync()
        return count
      })
  } finally {
    await out.close()
  }
}

/**
 * Reads an export into an empty store, whose schema is brought to the export's release first and to this one's after.
 * Returns the number of rows. Throws PAN0008 where the store is not empty, PAN0005 where the export is of a newer release.
 */
export async function importState(db: Kysely<Tables>, file: string): Promise<number> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]()
  const first = JSON.parse((await lines.next()).value ?? '{}') as { migrations?: string[] }
  if (!first.migrations) throw new PanoptesError('PAN0003', `${file} is not an export of the state`)
  await migrate(db, first.migrations)
  const rows = await db.transaction().execute(async (tx) => {
    const filled = await tx.selectFrom('organizations').select('id').limit(1).execute()
    if (filled.length > 0) throw new PanoptesError('PAN0008', 'the state store is not empty')
    let count = 0
    for await (const line of { [Symbol.asyncIterator]: () => lines }) {
      const { table, row } = JSON.parse(line) as { table: string; row: unknown }
      const text = JSON.stringify(row)
      await sql`insert into ${sql.table(table)} overriding system value select * from json_populate_record(null::${sql.table(table)}, ${text}::json)`.execute(
        tx,
      )
      count += 1
    }
    await sql`select setval(pg_get_serial_sequence('audit', 'id'), (select coalesce(max(id), 0) + 1 from audit), false)`.execute(tx)
    return count
  })
  await migrate(db)
  return rows
}

/** Names of the tables, each after those it refers to. */
async function tablesInOrder(db: Kysely<Tables>): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname`.execute(db)
  const { rows: references } = await sql<{ child: string; parent: string }>`
    select a.relname as child, b.relname as parent from pg_constraint c
    join pg_class a on a.oid = c.conrelid join pg_class b on b.oid = c.confrelid where c.contype = 'f' and a.oid <> b.oid`.execute(db)
  const ordered: string[] = []
  const place = (name: string): void => {
    if (ordered.includes(name)) return
    for (const { parent } of references.filter(({ child }) => child === name)) place(parent)
    ordered.push(name)
  }
  for (const { name } of tables) place(name)
  return ordered.filter((name) => !transient.has(name))
}
