import { readFileSync } from 'node:fs'
import { PanoptesError } from '@panoptes/contract'

/** Text of a file, or of standard input for `-`. Throws PAN0003 where it cannot be read. */
export function readTextFile(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new PanoptesError('PAN0003', `${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}
