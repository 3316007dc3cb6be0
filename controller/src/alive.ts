import { closeSync, openSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'

/** Remembers on disk when this controller last ran, so that its next start can say for how long nobody listened. */
export class Alive {
  /** When the run before ended, milliseconds since 1970; undefined at the first start. */
  readonly before: number | undefined
  private readonly path: string
  private readonly now: () => number

  constructor(dir: string, now: () => number) {
    this.path = join(dir, 'alive')
    this.now = now
    this.before = statSync(this.path, { throwIfNoEntry: false })?.mtimeMs
  }

  /** To be called once a second while telemetry is taken. Needs no room on the disk once the file is there. */
  beat(): void {
    const seconds = this.now() / 1000
    try {
      if (this.before === undefined) closeSync(openSync(this.path, 'a'))
      utimesSync(this.path, seconds, seconds)
    } catch {
      // without a mark the next start says nothing, and the proxies' own counters tell what is missing
    }
  }
}
