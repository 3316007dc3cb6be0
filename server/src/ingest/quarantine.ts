import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const maxFiles = 200
const maxBytes = 256 * 1024 * 1024

/** Keeps batches that were refused, to be read later: the newest, in bounded space. */
export class Quarantine {
  private readonly folder: string | undefined

  /** Without a folder nothing is kept. */
  constructor(folder: string | undefined) {
    this.folder = folder
    if (folder) mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  keep(controller: string, bytes: Uint8Array, why: string): void {
    if (!this.folder) return
    const name = `${new Date().toISOString().replaceAll(':', '-')}-${controller.replace(/[^\w.-]/g, '_').slice(0, 64)}`
    writeFileSync(join(this.folder, `${name}.batch`), bytes, { mode: 0o600 })
    writeFileSync(join(this.folder, `${name}.txt`), `${why}\n`, { mode: 0o600 })
    const files = readdirSync(this.folder)
      .filter((file) => file.endsWith('.batch'))
      .sort()
      .reverse()
    let bytesKept = 0
    for (const [i, file] of files.entries()) {
      bytesKept += statSync(join(this.folder, file)).size
      if (i < maxFiles && bytesKept <= maxBytes) continue
      rmSync(join(this.folder, file), { force: true })
      rmSync(join(this.folder, file.replace(/\.batch$/, '.txt')), { force: true })
    }
  }
}
