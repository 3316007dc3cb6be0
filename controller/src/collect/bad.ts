import { mkdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const keep = 64
const maxBytes = 256 * 1024

/** Keeps the newest messages that could not be read, as files in `bad/`, for people to look at. Bounded in number and size. */
export class BadMessages {
  private readonly dir: string
  private count = 0
  private writing = false

  constructor(dataDir: string) {
    this.dir = join(dataDir, 'bad')
    mkdirSync(this.dir, { recursive: true })
  }

  /** `wire` and `reason` go into the file's name. At most one file is written at a time; others are only counted. */
  keep(wire: string, reason: string, bytes: Uint8Array): void {
    if (this.writing) return
    this.writing = true
    const slot = String(this.count++ % keep).padStart(2, '0')
    const copy = Buffer.from(bytes.subarray(0, maxBytes))
    writeFile(join(this.dir, `${slot}-${wire}.bin`), copy)
      .then(() => writeFile(join(this.dir, `${slot}-${wire}.txt`), `${new Date().toISOString()} ${reason}, ${bytes.length} bytes\n`))
      .catch(() => undefined)
      .finally(() => {
        this.writing = false
      })
  }
}
