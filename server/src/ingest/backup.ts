import { createHash } from 'node:crypto'
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { PanoptesError } from '@panoptes/contract'
import type { Logger } from 'pino'
import { z } from 'zod'
import { migrateRecord, openRecord, type RecordStore, rowTables } from '../platform/record/index.ts'
import type { Work } from './types.ts'
import type { Writer } from './writer.ts'

const backedUp = [...rowTables, 'batches', 'retirements'] as const

const Manifest = z.object({
  format: z.literal(1),
  engine: z.string(),
  createdAt: z.iso.datetime(),
  /** Migrations that the tables had: a restore makes them so, puts the parts in and then goes on to its own. */
  migrations: z.array(z.string()),
  tables: z.array(z.object({ name: z.enum(backedUp), rows: z.number(), parts: z.array(z.string()) })),
  files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
})
type Manifest = z.infer<typeof Manifest>

const manifestName = 'record.json'

/**
 * Writes a consistent copy of the record into `directory/record` while ingest goes on: writing stops only for the moment in
 * which the engine links its files aside. Throws PAN0008 where the folder holds a backup, PAN0003 for an external ClickHouse.
 */
export async function backupRecord(record: RecordStore, writer: Writer, directory: string, work: Work = {}): Promise<{ rows: number; bytes: number }> {
  if (!record.dataDir) throw new PanoptesError('PAN0003', 'an external ClickHouse has its own backups: use its BACKUP statement')
  const target = join(resolve(directory), 'record')
  if (existsSync(target)) throw new PanoptesError('PAN0008', `${target} exists already`)
  const id = `panoptes${Date.now()}`
  const shadow = join(record.dataDir, 'record', 'shadow', id)
  try {
    const tables = await writer.still(() => freeze(record, id))
    const files = tables.flatMap(({ name, source, parts }) =>
      parts.flatMap((part) => filesBelow(join(source, part)).map((file) => ({ from: file, path: join(name, part, relative(join(source, part), file)) }))),
    )
    const total = files.reduce((sum, { from }) => sum + statSync(from).size, 0)
    const manifest: Manifest = {
      format: 1,
      engine: record.status().version,
      createdAt: new Date().toISOString(),
      migrations: (await record.query<{ name: string }>('SELECT name FROM migrations ORDER BY name')).map(({ name }) => name),
      tables: tables.map(({ name, rows, parts }) => ({ name, rows, parts })),
      files: [],
    }
    const unfinished = `${target}.unfinished`
    rmSync(unfinished, { recursive: true, force: true })
    let bytes = 0
    for (const { from, path } of files) {
      work.signal?.throwIfAborted()
      const to = join(unfinished, path)
      await mkdir(dirname(to), { recursive: true })
      await copyFile(from, to)
      const size = statSync(to).size
      manifest.files.push({ path, bytes: size, sha256: await sha256Of(to) })
      bytes += size
      work.onProgress?.({ done: bytes, total })
    }
    mkdirSync(unfinished, { recursive: true })
    writeFileSync(join(unfinished, manifestName), JSON.stringify(manifest))
    renameSync(unfinished, target)
    return { rows: manifest.tables.filter(({ name }) => name === 'accesses').reduce((sum, { rows }) => sum + rows, 0), bytes }
  } finally {
    rmSync(shadow, { recursive: true, force: true })
  }
}

interface Frozen {
  name: (typeof backedUp)[number]
  source: string
  parts: string[]
  rows: number
}

async function freeze(record: RecordStore, id: string): Promise<Frozen[]> {
  const frozen: Frozen[] = []
  for (const name of backedUp) {
    await record.command(`ALTER TABLE ${name} FREEZE WITH NAME '${id}'`)
    const [table] = await record.query<{ path: string; rows: number }>(
      'SELECT data_paths[1] AS path, coalesce(total_rows, 0) AS rows FROM system.tables WHERE database = currentDatabase() AND name = {name:String}',
      { name },
    )
    // The engine links .../store/abc/<uuid>/<part> to .../shadow/<id>/store/abc/<uuid>/<part>.
    const root = join(record.dataDir!, 'record')
    const source = join(root, 'shadow', id, relative(root, table!.path))
    frozen.push({
      name,
      source,
      parts: existsSync(source) ? readdirSync(source).filter((part) => statSync(join(source, part)).isDirectory()) : [],
      rows: Number(table!.rows),
    })
  }
  return frozen
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

/**
 * Puts a backup into an empty data folder and brings it up to this release. Throws PAN0008 where the folder holds a record,
 * PAN0003 where the backup is damaged or newer.
 */
export async function restoreRecord(directory: string, dataDir: string, log: Logger, work: Work = {}): Promise<{ rows: number }> {
  const source = join(resolve(directory), 'record')
  if (existsSync(join(dataDir, 'record'))) throw new PanoptesError('PAN0008', `${dataDir} holds a record already; restore into an empty folder`)
  const manifest = readManifest(source)
  for (const [i, { path, sha256 }] of manifest.files.entries()) {
    work.signal?.throwIfAborted()
    const file = resolve(source, path)
    if (!file.startsWith(`${source}/`)) throw new PanoptesError('PAN0003', `the backup names a file outside of it: ${path}`)
    if (!existsSync(file) || (await sha256Of(file)) !== sha256) throw new PanoptesError('PAN0003', `the backup is damaged: ${path}`)
    work.onProgress?.({ done: i + 1, total: manifest.files.length * 2 })
  }
  const record = await openRecord({ dataDir, log, upTo: manifest.migrations })
  try {
    let done = manifest.files.length
    for (const { name, parts } of manifest.tables) {
      const [table] = await record.query<{ path: string }>(
        'SELECT data_paths[1] AS path FROM system.tables WHERE database = currentDatabase() AND name = {name:String}',
        { name },
      )
      for (const { path } of manifest.files.filter((file) => file.path.startsWith(`${name}/`))) {
        const to = join(table!.path, 'detached', relative(name, path))
        await mkdir(dirname(to), { recursive: true })
        await copyFile(join(source, path), to)
        work.onProgress?.({ done: ++done, total: manifest.files.length * 2 })
      }
      for (const part of parts) await record.command(`ALTER TABLE ${name} ATTACH PART '${part}'`)
    }
    await migrateRecord(record)
    const [counted] = await record.query<{ rows: number }>('SELECT count() AS rows FROM accesses')
    const rows = Number(counted?.rows ?? 0)
    const wanted = manifest.tables.find(({ name }) => name === 'accesses')?.rows
    if (rows !== wanted) throw new PanoptesError('PAN0003', `the backup says ${wanted} accesses, restored were ${rows}`)
    return { rows }
  } finally {
    await record.close()
  }
}

function readManifest(source: string): Manifest {
  try {
    return Manifest.parse(JSON.parse(readFileSync(join(source, manifestName), 'utf8')))
  } catch (error) {
    throw new PanoptesError('PAN0003', `${source} holds no backup of the record: ${error instanceof Error ? error.message.slice(0, 200) : error}`)
  }
}
