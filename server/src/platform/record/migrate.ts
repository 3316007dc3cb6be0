import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PanoptesError } from '@panoptes/contract'
import type { Asker } from './ask.ts'

const root = fileURLToPath(new URL('../../../../migrations/record/', import.meta.url))

/**
 * Brings the record's tables up to date: every file of its layout that is not yet applied, in order. Returns the names
 * applied; `upTo` leaves out all others. Throws PAN0005 where an applied file was changed, or where the record is newer than this release.
 */
export async function migrateRecord(store: Asker, upTo?: readonly string[]): Promise<string[]> {
  const folder = `${root}${store.cluster ? 'clustered' : 'embedded'}`
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  const on = store.cluster ? ` ON CLUSTER '${store.cluster}'` : ''
  const engine = store.cluster ? "ReplicatedMergeTree('/clickhouse/tables/all/panoptes/migrations', '{shard}-{replica}')" : 'MergeTree'
  await store.command(
    `CREATE TABLE IF NOT EXISTS migrations${on} (name String, sha256 String, at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC')) ENGINE = ${engine} ORDER BY name SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  )
  const rows = await store.query<{ name: string; sha256: string }>('SELECT name, sha256 FROM migrations')
  const applied = new Map(rows.map((row) => [row.name, row.sha256]))
  const unknown = [...applied.keys()].filter((name) => !files.includes(name))
  if (unknown.length > 0) throw new PanoptesError('PAN0005', `the record was written by a newer release (it has ${unknown.join(', ')})`)
  const fresh: string[] = []
  for (const name of files) {
    const text = readFileSync(`${folder}/${name}`, 'utf8')
    const sha256 = createHash('sha256').update(text).digest('hex')
    const before = applied.get(name)
    if (before !== undefined && before !== sha256) throw new PanoptesError('PAN0005', `migration ${name} of the record was changed after it had been applied`)
    if (before !== undefined || (upTo && !upTo.includes(name))) continue
    for (const statement of statementsOf(text)) {
      // A start that was cut off in the middle goes on where it was.
      await store.command(statement.replaceAll('$CLUSTER', store.cluster).replace(/^CREATE TABLE (?!IF)/, 'CREATE TABLE IF NOT EXISTS '))
    }
    await store.command('INSERT INTO migrations (name, sha256) SELECT {name:String}, {sha256:String}', { name, sha256 })
    fresh.push(name)
  }
  return fresh
}

function statementsOf(text: string): string[] {
  return text
    .replace(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map((s) => s.trim())
    .filter(Boolean)
}
