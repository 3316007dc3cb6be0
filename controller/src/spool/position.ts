import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { StreamPosition } from '@panoptes/contract/ingest'

/** The last batch that the server acknowledged, and its checksum where it is known. */
export interface Position extends StreamPosition {
  sha256: string
}

const pathOf = (dir: string): string => join(dir, 'position.json')
const checkOf = ({ epoch, seq, sha256 }: Position): number => crc32(`${epoch}/${seq}/${sha256}`)

/** Reads a lane's position; undefined where there is none, or one that was altered: believed, it could let go of what nobody has. */
export function readPosition(dir: string): Position | undefined {
  try {
    const { check, ...position } = JSON.parse(readFileSync(pathOf(dir), 'utf8')) as Position & { check: number }
    return check === checkOf(position) ? position : undefined
  } catch {
    return undefined
  }
}

export function writePosition(dir: string, position: Position): void {
  const path = pathOf(dir)
  try {
    writeFileSync(`${path}.tmp`, JSON.stringify({ ...position, check: checkOf(position) }), { flush: true })
    renameSync(`${path}.tmp`, path)
  } catch {
    // a full disk: the server's position says the same at the next start
  }
}
