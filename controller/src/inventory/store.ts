import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { BatchMeta, PackedBatch } from '../batch/index.ts'
import type { ContainerTrack, IpLease, PickedMeta, PickedNode, PickedPod } from '../watch/index.ts'
import type { Document } from './document.ts'

/** What is remembered of one object, in memory and on disk. */
export interface State {
  object: PickedMeta | PickedPod | PickedNode
  hash: string
  /** Of a pod: what was told of its containers and addresses. */
  lives?: [string, ContainerTrack][]
  leases?: IpLease[]
}

/** Where the watch of a kind stands. */
export interface Position {
  /** Absent before its first list is whole. */
  resourceVersion?: string
  /** Epoch ms: when it stood there. */
  at: number
  /** Epoch µs: when the telling of all its objects began that is the last, or still under way. */
  began: number
}

export type Stored = State & { resource: string; document: Document }

/** All that one flush changes: told to the spool and remembered together, or not at all. */
export interface Change {
  positions: ReadonlyMap<string, Position>
  set: ReadonlyMap<string, Stored>
  deleted: ReadonlySet<string>
  batches: readonly PackedBatch[]
  facts: Record<string, string>
}

const schema = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -4096;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions (resource TEXT PRIMARY KEY, version TEXT, at INTEGER NOT NULL, began INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (uid TEXT PRIMARY KEY, resource TEXT NOT NULL, state TEXT NOT NULL, spec TEXT NOT NULL, status TEXT NOT NULL, summary TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS of_resource ON objects (resource, uid);
CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, meta TEXT NOT NULL, payload BLOB NOT NULL);
`

interface ObjectRow {
  resource: string
  state: string
  spec: string
  status: string
  summary: string
}

/**
 * What the watch knows, on disk: positions, objects, and the batches that tell of them until the spool holds them. A transaction per flush, so that
 * after a crash the watch goes on exactly behind what was told: nothing twice, nothing left out.
 */
export class InventoryStore {
  private readonly db: DatabaseSync
  private readonly statements = new Map<string, StatementSync>()

  /** Throws where the file cannot be used. */
  constructor(file: string) {
    this.db = new DatabaseSync(file)
    this.db.exec(schema)
  }

  fact(name: string): string | undefined {
    return (this.sql('SELECT value FROM facts WHERE name = ?').get(name) as { value: string } | undefined)?.value
  }

  positions(): Map<string, Position> {
    const rows = this.sql('SELECT resource, version, at, began FROM positions').all() as {
      resource: string
      version: string | null
      at: number
      began: number
    }[]
    return new Map(rows.map(({ resource, version, at, began }) => [resource, { ...(version ? { resourceVersion: version } : {}), at, began }]))
  }

  *states(resource: string): Generator<State> {
    for (const row of this.sql('SELECT state FROM objects WHERE resource = ?').iterate(resource)) yield JSON.parse((row as { state: string }).state) as State
  }

  /** Objects of a kind behind a uid, in the order of their uids. */
  page(resource: string, after: string, limit: number): Stored[] {
    const rows = this.sql('SELECT resource, state, spec, status, summary FROM objects WHERE resource = ? AND uid > ? ORDER BY uid LIMIT ?')
    return (rows.all(resource, after, limit) as unknown as ObjectRow[]).map(({ state, resource, ...document }) => {
      const known = JSON.parse(state) as State
      return { ...known, resource, document: { ...document, hash: known.hash } }
    })
  }

  commit({ positions, set, deleted, batches, facts }: Change): void {
    this.transaction(() => {
      for (const [name, value] of Object.entries(facts)) this.sql('INSERT OR REPLACE INTO facts VALUES (?, ?)').run(name, value)
      for (const [resource, { resourceVersion, at, began }] of positions)
        this.sql('INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)').run(resource, resourceVersion ?? null, at, began)
      for (const uid of deleted) this.sql('DELETE FROM objects WHERE uid = ?').run(uid)
      for (const [uid, { resource, document, ...state }] of set)
        this.sql('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)').run(
          ...[uid, resource, JSON.stringify(state), document.spec, document.status, document.summary],
        )
      for (const { meta, payload } of batches) this.sql('INSERT INTO outbox (meta, payload) VALUES (?, ?)').run(JSON.stringify(meta), payload)
    })
  }

  /** Batches that the spool may not hold yet, oldest first. */
  outbox(): { id: number; batch: PackedBatch }[] {
    const rows = this.sql('SELECT id, meta, payload FROM outbox ORDER BY id').all() as { id: number; meta: string; payload: Uint8Array }[]
    return rows.map(({ id, meta, payload }) => ({ id, batch: { meta: JSON.parse(meta) as BatchMeta, payload: Buffer.from(payload) } }))
  }

  /** Forgets batches that the spool holds. */
  held(upTo: number): void {
    this.sql('DELETE FROM outbox WHERE id <= ?').run(upTo)
  }

  /** Forgets all objects and positions: another cluster stands behind the address. */
  forget(): void {
    this.transaction(() => this.db.exec('DELETE FROM positions; DELETE FROM objects'))
  }

  close(): void {
    this.db.close()
  }

  private transaction(work: () => void): void {
    this.db.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.db.exec('COMMIT')
    } catch (error) {
      // A full disk may have ended it already.
      if (this.db.isTransaction) this.db.exec('ROLLBACK')
      throw error
    }
  }

  private sql(text: string): StatementSync {
    const statement = this.statements.get(text) ?? this.db.prepare(text)
    this.statements.set(text, statement)
    return statement
  }
}
