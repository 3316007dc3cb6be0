import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Who this controller is: kept in its data folder, readable by its owner alone. */
export interface Identity {
  instance: string
  /** Ticket of the session before, empty before the first. */
  ticket: string
  /** Ticket that was offered and may have been taken. */
  next: string
  key: string
  controller: string
  cluster: string
  org: string
}

/** Reads and writes `identity.json` of a data folder. */
export class IdentityFile {
  private readonly path: string
  value: Identity

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    this.path = join(dir, 'identity.json')
    this.value = { instance: randomUUID(), ticket: '', next: '', key: '', controller: '', cluster: '', org: '' }
    try {
      this.value = { ...this.value, ...(JSON.parse(readFileSync(this.path, 'utf8')) as Partial<Identity>) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new Error(`${this.path} cannot be read: ${(error as Error).message}`)
      this.save(this.value)
    }
  }

  /** Writes the change, then takes it; where it cannot be written nothing has changed. */
  update(change: Partial<Identity>): void {
    const value = { ...this.value, ...change }
    this.save(value)
    this.value = value
  }

  private save(value: Identity): void {
    writeFileSync(`${this.path}.tmp`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true })
    renameSync(`${this.path}.tmp`, this.path)
  }
}

export function freshTicket(): string {
  return randomBytes(24).toString('base64url')
}
