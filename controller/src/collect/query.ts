import { isUtf8 } from 'node:buffer'
import type { Bytes } from '../batch/index.ts'

const scratch = { buf: Buffer.alloc(4096) }

/**
 * Writes a query string (without its question mark). Values become `*` unless they are to be kept: `a=1&b=2` is written
 * `a=*&b=*`; a part without `=` is a name and stays.
 */
export function writeQuery(out: Bytes, buf: Buffer, start: number, end: number, keep: boolean): void {
  let from = buf
  let first = start
  let length = end - start
  if (!keep) {
    // at worst each byte is a `=`, which then stands before a `*`
    if (scratch.buf.length < length * 2) scratch.buf = Buffer.alloc(length * 2)
    length = redact(buf, start, end, scratch.buf)
    from = scratch.buf
    first = 0
  }
  if (isUtf8(from.subarray(first, first + length))) out.string(from, first, length)
  else out.text(from.toString('utf8', first, first + length))
}

function redact(buf: Buffer, start: number, end: number, to: Buffer): number {
  let o = 0
  let inValue = false
  for (let i = start; i < end; i++) {
    const b = buf[i]!
    if (b === 38) inValue = false
    else if (inValue) continue
    to[o++] = b
    if (b === 61) {
      to[o++] = 42
      inValue = true
    }
  }
  return o
}
