import { randomBytes, randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Who this controller is: kept in its data folder, readable by its owner alone. */
export interface Identity {
  instance: string
  /** Ticket of the session before, empty before the first. */
  ticket: string
  /** Ticket that was offered and may have been taken. */
  next: string
  key: string
  /** While the key is being changed: the other one, until one of the two has worked. */
  otherKey: string
  controller: string
  cluster: string
  org: string
}

/** Reads and writes `identity.json` of a data folder. */
export class IdentityFile {
  private readonly path: string
  private readonly dir: string
  value: Identity

  constructor(dir: string) {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    this.dir = dir
    this.path = join(dir, 'identity.json')
    this.value = { instance: randomUUID(), ticket: '', next: '', key: '', otherKey: '', controller: '', cluster: '', org: '' }
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

  /** Takes a new key, and keeps the one that has just worked beside it until the new one works. */
  rotate(key: string, worked: string): void {
    this.update({ key, otherKey: worked })
  }

  /**
   * Learns whether a request with this key was let in. Of two keys the refused one makes way for the other, which is
   * forgotten once the first has worked.
   */
  proved(key: string, letIn: boolean): void {
    const { otherKey } = this.value
    if (otherKey === '' || key !== this.value.key) return
    this.update(letIn ? { otherKey: '' } : { key: otherKey, otherKey: key })
  }

  private save(value: Identity): void {
    writeFileSync(`${this.path}.tmp`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true })
    renameSync(`${this.path}.tmp`, this.path)
    const folder = openSync(this.dir, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  }
}

export function freshTicket(): string {
  return randomBytes(24).toString('base64url')
}
