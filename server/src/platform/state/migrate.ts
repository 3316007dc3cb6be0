import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PanoptesError } from '@panoptes/contract'
import { type Kysely, sql } from 'kysely'
import type { Tables } from './schema.ts'

const directory = fileURLToPath(new URL('../../../../migrations/state/', import.meta.url))
/** Any number that nobody else locks in this database. */
const lock = 7_600_001

/**
 * Brings the schema up to date: every file of migrations/state that is not yet applied, in order, in one transaction.
 * Replicas that start at once wait for each other. Returns the names applied. Throws PAN0005 where an applied file was
 * changed afterwards, or where the database is newer than this release. `only` stops at an older release's files.
 */
export async function migrate(db: Kysely<Tables>, only?: readonly string[]): Promise<string[]> {
  const all = readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  const newer = only?.filter((name) => !all.includes(name)) ?? []
  if (newer.length > 0) throw new PanoptesError('PAN0005', `this was written by a newer release (it has ${newer.join(', ')})`)
  const files = only ? all.filter((name) => only.includes(name)) : all
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(lock)})`.execute(tx)
    await sql`create table if not exists migrations (name text primary key, sha256 text not null, at timestamptz not null default now())`.execute(tx)
    const { rows } = await sql<{ name: string; sha256: string }>`select name, sha256 from migrations`.execute(tx)
    const applied = new Map(rows.map((row) => [row.name, row.sha256]))
    const unknown = [...applied.keys()].filter((name) => !files.includes(name))
    if (unknown.length > 0) throw new PanoptesError('PAN0005', `the state store was written by a newer release (it has ${unknown.join(', ')})`)
    const fresh: string[] = []
    for (const name of files) {
      const text = readFileSync(`${directory}/${name}`, 'utf8')
      const sha256 = createHash('sha256').update(text).digest('hex')
      if (applied.has(name) && applied.get(name) !== sha256) throw new PanoptesError('PAN0005', `migration ${name} was changed after it had been applied`)
      if (applied.has(name)) continue
      await sql.raw(text).execute(tx)
      await sql`insert into migrations (name, sha256) values (${name}, ${sha256})`.execute(tx)
      fresh.push(name)
    }
    return fresh
  })
}
