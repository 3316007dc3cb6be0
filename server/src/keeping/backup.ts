import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { PanoptesError } from '@panoptes/contract'
import type { Ingest, Work } from '../ingest/index.ts'
import { exportState, type State } from '../platform/state/index.ts'

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

/** Names within the folder of a backup. */
export const backupParts = { record: 'record', state: 'state.ndjson', manifest: 'backup.json' } as const

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
  const record = await deps.ingest.backup(join(directory, backupParts.record), work)
  const rows = await exportState(deps.db, join(directory, backupParts.state))
  const manifest: Manifest = { version: deps.version, at: new Date().toISOString(), record, state: { rows } }
  await writeFile(join(directory, backupParts.manifest), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 })
  return manifest
}
