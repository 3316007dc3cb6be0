import { statfsSync } from 'node:fs'

export interface Disk {
  freeBytes: number
  /** Under it ingest stops, so that the stores never meet a full disk. */
  floorBytes: number
  full: boolean
}

const mebibyte = 1024 * 1024

/** Free space of the disk that holds a folder, looked at once a second at most. */
export class DiskWatch {
  private readonly folder: string
  private readonly floor: number | undefined
  private last: { at: number; disk: Disk } | undefined
  private fullAt: number | undefined

  constructor(folder: string, floorBytes?: number) {
    this.folder = folder
    this.floor = floorBytes
  }

  look(): Disk {
    const now = performance.now()
    if (this.last && now - this.last.at < 1_000) return this.last.disk
    const { bavail, bsize, blocks } = statfsSync(this.folder)
    const floorBytes = this.floor ?? Math.min(512 * mebibyte, blocks * bsize * 0.05)
    const freeBytes = bavail * bsize
    const disk = { freeBytes, floorBytes, full: freeBytes < floorBytes }
    this.last = { at: now, disk }
    if (disk.full) this.fullAt = now
    return disk
  }

  /** Whether it was seen full in the last so many milliseconds. */
  fullWithin(ms: number): boolean {
    this.look()
    return this.fullAt !== undefined && performance.now() - this.fullAt <= ms
  }
}
