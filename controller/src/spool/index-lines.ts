import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'

/** A line of a segment's index: what would be missing if the batch were lost. */
export interface IndexLine {
  index: number
  rows: number
  from: number
  until: number
  proxies: Record<string, number>
}

/** CRC-32 of the JSON, a blank, the JSON. */
function encode(line: IndexLine): string {
  const json = JSON.stringify(line)
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
}

function decode(text: string): IndexLine[] {
  const json = text.slice(9)
  return crc32(json).toString(16).padStart(8, '0') === text.slice(0, 8) ? [JSON.parse(json) as IndexLine] : []
}

/** Lines of an index file; torn or damaged ones are left out, so a line's place says nothing: `index` does. */
export function readIndex(path: string): IndexLine[] {
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap((line) => (line === '' ? [] : decode(line)))
}

export function appendIndex(path: string, line: IndexLine): void {
  appendFileSync(path, encode(line))
}

export function writeIndex(path: string, lines: readonly IndexLine[]): void {
  writeFileSync(`${path}.tmp`, lines.map(encode).join(''), { flush: true })
  renameSync(`${path}.tmp`, path)
}
