/** Writes protobuf messages into one growing buffer. Zero values are left out, as proto3 does. */
export class ProtoWriter {
  private buf = Buffer.allocUnsafe(64 * 1024)
  length = 0

  /** The bytes so far; valid until the next write. */
  view(): Buffer {
    return this.buf.subarray(0, this.length)
  }

  reset(): void {
    this.length = 0
  }

  uint(field: number, value: number): void {
    if (value > 0) {
      this.varint(field << 3)
      this.varint(value)
    }
  }

  bool(field: number, value: boolean): void {
    this.uint(field, value ? 1 : 0)
  }

  string(field: number, value: string): void {
    if (value === '') return
    const bytes = Buffer.byteLength(value)
    this.varint((field << 3) | 2)
    this.varint(bytes)
    this.reserve(bytes)
    this.length += this.buf.write(value, this.length)
  }

  double(field: number, value: number): void {
    this.varint((field << 3) | 1)
    this.reserve(8)
    this.length = this.buf.writeDoubleLE(value, this.length)
  }

  /** A message within the message; written even when it is empty. */
  message(field: number, write: () => void): void {
    this.varint((field << 3) | 2)
    this.reserve(1)
    const start = ++this.length
    write()
    const size = this.length - start
    // One byte of length is kept free; a longer one moves the content.
    const more = size < 0x80 ? 0 : size < 0x4000 ? 1 : size < 0x200000 ? 2 : 3
    if (more > 0) {
      this.reserve(more)
      this.buf.copyWithin(start + more, start, this.length)
    }
    this.length = start - 1
    this.varint(size)
    this.length += size
  }

  private varint(value: number): void {
    this.reserve(10)
    let rest = value
    while (rest > 127) {
      this.buf[this.length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.buf[this.length++] = rest
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buf.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.buf.length * 2, this.length + bytes))
    this.buf.copy(grown, 0, 0, this.length)
    this.buf = grown
  }
}
