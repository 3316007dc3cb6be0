import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { PanoptesError } from '@panoptes/contract'
import { type Ingest, restoreRecord, type Work } from '../ingest/index.ts'
import type { Logger } from '../platform/log/index.ts'
import { exportState, importState, openState, type State } from '../platform/state/index.ts'

export interface BackupDeps {
  ingest: Pick<Ingest, 'backup'>
  db: State['db']
  version: string
}

/** What `backup.json` says about the folder it lies in. */
export interface Manifest {
  version: string
  at: string
  record: { rows: number; bytes: number }
  state: { rows: number }
}

/** Names within the folder of a backup, beside the record's own. */
export const backupParts = { state: 'state.ndjson', manifest: 'backup.json' } as const

/** Throws PAN0003 unless the folder is named in full and is empty or not there yet. */
export async function checkBackupFolder(directory: string): Promise<void> {
  if (!isAbsolute(directory)) throw new PanoptesError('PAN0003', 'body.directory: must be a whole path on the server machine')
  const found = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new PanoptesError('PAN0003', `body.directory: cannot be used (${error.code})`)
  })
  if (found.length > 0) throw new PanoptesError('PAN0003', 'body.directory: must be empty')
}

/**
 * Writes both stores into a folder while the server runs. The record first: whatever is acknowledged later is in a
 * controller's spool or in the next backup. The manifest comes last, so a folder without one is not a whole backup.
 */
export async function backUp(deps: BackupDeps, directory: string, work: Work): Promise<Manifest> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new PanoptesError('PAN0003', `the folder ${directory} cannot be made (${error.code})`)
  })
  const record = await deps.ingest.backup(directory, work)
  const rows = await exportState(deps.db, join(directory, backupParts.state))
  const manifest: Manifest = { version: deps.version, at: new Date().toISOString(), record, state: { rows } }
  await writeFile(join(directory, backupParts.manifest), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 })
  return manifest
}

/**
 * Puts a backup into an empty data folder, which no server may be running on, and brings it up to this release. The state may
 * also go into an empty PostgreSQL. Throws PAN0003 where the folder holds no whole backup, PAN0008 where the target is not empty.
 */
export async function restore(
  directory: string,
  target: { dataDir: string; postgresUrl?: string | undefined },
  log: Logger,
  work: Work = {},
): Promise<Manifest> {
  const text = await readFile(join(directory, backupParts.manifest), 'utf8').catch(() => {
    throw new PanoptesError('PAN0003', `${directory} holds no whole backup: ${backupParts.manifest} is missing`)
  })
  const manifest = JSON.parse(text) as Manifest
  await restoreRecord(directory, target.dataDir, log, work)
  const state = await openState({ ...target, onTrouble: (detail) => log.error({ detail }, 'the state store is in trouble'), empty: true })
  try {
    const rows = await importState(state.db, join(directory, backupParts.state))
    if (rows !== manifest.state.rows) throw new PanoptesError('PAN0003', `the backup says ${manifest.state.rows} rows of state, restored were ${rows}`)
  } finally {
    await state.close()
  }
  return manifest
}
