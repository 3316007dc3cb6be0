import { constants, type FileHandle, open, rename, rm } from 'node:fs/promises'
import type { Line, Output } from './output.ts'

const maxBytes = 100 * 1024 * 1024
const kept = 5

/** Appends to a file; at 100 MiB it becomes `name.1`, and so on to `name.5`. A new file begins with the header, where there is one. */
export class FileOutput implements Output {
  private readonly path: string
  private readonly header: string | undefined
  private readonly limit: number
  private handle: FileHandle | undefined
  private size = 0

  constructor(path: string, header: string | undefined, limit = maxBytes) {
    this.path = path
    this.header = header
    this.limit = limit
  }

  async send(lines: readonly Line[]): Promise<void> {
    if (this.handle && this.size >= this.limit) await this.rotate()
    const handle = this.handle ?? (await this.open())
    const head = this.size === 0 && this.header !== undefined ? `${this.header}\n` : ''
    const bytes = Buffer.from(head + lines.map((line) => `${line.text}\n`).join(''))
    const before = this.size
    try {
      await handle.appendFile(bytes)
      this.size += bytes.length
    } catch (error) {
      // Half a line would join with the next one: take back what was written of this batch.
      await handle.truncate(before).catch(() => {})
      throw error
    }
  }

  async close(): Promise<void> {
    await this.handle?.close()
    this.handle = undefined
  }

  private async open(): Promise<FileHandle> {
    // Never through a link: somebody else may have put it there.
    this.handle = await open(this.path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
    this.size = (await this.handle.stat()).size
    return this.handle
  }

  private async rotate(): Promise<void> {
    await this.close()
    await rm(`${this.path}.${kept}`, { force: true })
    for (let i = kept - 1; i >= 1; i--) await rename(`${this.path}.${i}`, `${this.path}.${i + 1}`).catch(() => {})
    await rename(this.path, `${this.path}.1`)
  }
}
