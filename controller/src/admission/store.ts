import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { KnownImage } from '@panoptes/contract/ingest'
import { readImage } from './image.ts'
import type { Known } from './rule.ts'

const schema = `
PRAGMA journal_mode = WAL;
PRAGMA cache_size = -2048;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS digests (digest TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS names (name TEXT PRIMARY KEY) WITHOUT ROWID;
`

/** What admission must not forget: the certificate with its key, the settings, and the images that the record knows. */
export class AdmissionStore implements Known {
  private readonly db: DatabaseSync
  private readonly ask: Record<'digest' | 'name' | 'fact', StatementSync>
  private readonly put: Record<'digest' | 'name' | 'fact', StatementSync>

  /** Throws where the data folder cannot be used. */
  constructor(data: string) {
    mkdirSync(data, { recursive: true, mode: 0o700 })
    const file = join(data, 'admission.db')
    this.db = new DatabaseSync(file)
    chmodSync(file, 0o600)
    this.db.exec(schema)
    this.ask = {
      digest: this.db.prepare('SELECT 1 FROM digests WHERE digest = ?'),
      name: this.db.prepare('SELECT 1 FROM names WHERE name = ?'),
      fact: this.db.prepare('SELECT value FROM facts WHERE name = ?'),
    }
    this.put = {
      digest: this.db.prepare('INSERT OR IGNORE INTO digests VALUES (?)'),
      name: this.db.prepare('INSERT OR IGNORE INTO names VALUES (?)'),
      fact: this.db.prepare('INSERT INTO facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
    }
  }

  digest(digest: string): boolean {
    return this.ask.digest.get(digest) !== undefined
  }

  name(name: string): boolean {
    return this.ask.name.get(name) !== undefined
  }

  /** Takes images that have run, and where the record stands behind them. */
  learn(images: readonly KnownImage[], after?: string): void {
    this.db.exec('BEGIN')
    for (const { image, digest } of images) {
      this.put.digest.run(digest)
      const read = readImage(image)
      this.put.name.run(read.name)
    }
    if (after !== undefined) this.put.fact.run('after', after)
    this.db.exec('COMMIT')
  }

  fact(name: string): string | undefined {
    return (this.ask.fact.get(name) as { value: string } | undefined)?.value
  }

  note(name: string, value: string): void {
    this.put.fact.run(name, value)
  }

  close(): void {
    this.db.close()
  }
}
