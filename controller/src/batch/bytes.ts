/** Small buffers double; a block of megabytes, of which several are kept, must not. */
const largestStep = 512 * 1024

/** A buffer that grows as it is written, little-endian, as ClickHouse wants it. */
export class Bytes {
  buf: Buffer
  length = 0

  constructor(size = 64 * 1024) {
    this.buf = Buffer.allocUnsafe(size)
  }

  /** Makes room for `more` bytes and answers where they begin. */
  reserve(more: number): number {
    const at = this.length
    const need = at + more
    if (need > this.buf.length) {
      const grown = Buffer.allocUnsafe(Math.max(need, this.buf.length + Math.min(this.buf.length, largestStep)))
      this.buf.copy(grown, 0, 0, at)
      this.buf = grown
    }
    this.length = need
    return at
  }

  byte(value: number): void {
    const at = this.reserve(1)
    this.buf[at] = value
  }

  /** LEB128, for lengths. */
  varint(value: number): void {
    const at = this.reserve(5)
    const { buf } = this
    let i = at
    let rest = value
    while (rest > 127) {
      buf[i++] = (rest & 127) | 128
      rest >>>= 7
    }
    buf[i++] = rest
    this.length = i
  }

  u64(value: number): void {
    const at = this.reserve(8)
    this.buf.writeUInt32LE(value >>> 0, at)
    this.buf.writeUInt32LE(Math.floor(value / 4294967296), at + 4)
  }

  /** Length and bytes, from a part of another buffer. */
  string(from: Buffer, start: number, length: number): void {
    this.varint(length)
    this.copy(from, start, length)
  }

  copy(from: Buffer, start: number, length: number): void {
    const at = this.reserve(length)
    const { buf } = this
    if (length > 64) from.copy(buf, at, start, start + length)
    else for (let i = 0; i < length; i++) buf[at + i] = from[start + i]!
  }

  text(value: string): void {
    const length = Buffer.byteLength(value)
    this.varint(length)
    const at = this.reserve(length)
    this.buf.write(value, at, 'utf8')
  }

  view(): Buffer {
    return this.buf.subarray(0, this.length)
  }
}
