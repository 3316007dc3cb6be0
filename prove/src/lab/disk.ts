import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Run } from '../proof.ts'

/** A small file system of its own that can be filled up. */
export interface SmallDisk {
  path: string
  /** Writes until nothing more fits. */
  fill(): void
  /** Gives the space back. */
  empty(): void
}

/** Mounts one (Linux, root); undefined where that is not allowed. It is unmounted at the end of the run. */
export function smallDisk(run: Run, name: string, megabytes: number): SmallDisk | undefined {
  const path = join(run.dir, name)
  mkdirSync(path, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  // A lazy unmount: the processes that use it are stopped by the run's other ends.
  run.defer(() => void execFileSync('umount', ['-l', path], { stdio: 'ignore' }))
  const ballast = join(path, 'ballast')
  return {
    path,
    fill() {
      const file = openSync(ballast, 'a')
      for (const size of [1_048_576, 4096, 1]) {
        const block = Buffer.alloc(size)
        try {
          for (;;) if (writeSync(file, block) < size) break
        } catch {
          // ENOSPC: smaller blocks may still fit.
        }
      }
      closeSync(file)
    },
    empty: () => rmSync(ballast, { force: true }),
  }
}

/** All files under a folder whose path matches. */
export function filesUnder(folder: string, match: RegExp): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => match.test(path))
    .sort()
}

export function truncateFile(path: string, share: number): void {
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * share)))
}

export function flipBit(path: string, at: number, bit: number): void {
  const bytes = readFileSync(path)
  const place = Math.min(bytes.length - 1, Math.floor(bytes.length * at))
  bytes[place] = bytes[place]! ^ (1 << bit)
  writeFileSync(path, bytes)
}

export const sizeOf = (path: string): number => statSync(path).size
