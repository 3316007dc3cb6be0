import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createGzip } from 'node:zlib'
import type { InstallFile } from '@panoptes/contract'
import { pack } from 'tar-stream'

const deploy = fileURLToPath(new URL('../../../deploy', import.meta.url))

/** A file of deploy/bundle. */
export const bundleFile = (name: string): string => readFileSync(join(deploy, 'bundle', name), 'utf8')

/** The chart of the controller as helm takes it from an address. */
export function chartFiles(): InstallFile[] {
  const folder = join(deploy, 'charts', 'panoptes-controller')
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return paths
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({ path: relative(folder, path), text: readFileSync(path, 'utf8'), executable: false }))
}

/** A .tar.gz with these files in one folder. The same files give the same bytes; one with a token inside is for its owner's eyes. */
export function archiveOf(folder: string, files: readonly InstallFile[]): NodeJS.ReadableStream {
  const tar = pack()
  for (const { path, text, executable } of files) {
    const secret = text.includes('kind: Secret')
    tar.entry({ name: `${folder}/${path}`, mode: executable ? 0o755 : secret ? 0o600 : 0o644, mtime: new Date(0) }, text)
  }
  tar.finalize()
  return tar.pipe(createGzip())
}
