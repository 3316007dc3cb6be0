import { PanoptesError } from '@panoptes/contract'

/** Reads bytes that nobody vouches for: every step is checked, and what does not fit is PAN0301 with its place. */
export class Cursor {
  readonly bytes: Buffer
  at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** Says what is wrong, and where. */
  fail(what: string): never {
    throw new PanoptesError('PAN0301', `batch not valid at byte ${this.at}: ${what}`, { byte: this.at })
  }

  /** Passes over `count` bytes and answers where they began. */
  skip(count: number, what: string): number {
    const start = this.at
    if (count > this.bytes.length - start) this.fail(`${what} is cut off`)
    this.at = start + count
    return start
  }

  /** A length or count. Lengths of 2 GiB and more do not occur. */
  varint(what: string): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.at]
      if (byte === undefined) this.fail(`${what} is cut off`)
      this.at++
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value > 0x7fffffff ? this.fail(`${what} is too large`) : value
    }
    return this.fail(`${what} is no length`)
  }

  /** A count of 8 bytes, below 2^53. */
  u64(what: string): number {
    const start = this.skip(8, what)
    const high = this.bytes.readUInt32LE(start + 4)
    if (high >= 0x200000) this.fail(`${what} is too large`)
    return high * 4_294_967_296 + this.bytes.readUInt32LE(start)
  }

  text(what: string): string {
    const length = this.varint(what)
    const start = this.skip(length, what)
    return this.bytes.toString('utf8', start, start + length)
  }

  /** Passes over `count` strings. */
  strings(count: number, what: string): void {
    const { bytes } = this
    let at = this.at
    for (let i = 0; i < count; i++) {
      const short = bytes[at]
      if (short !== undefined && short < 128) {
        at += 1 + short
      } else {
        this.at = at
        const length = this.varint(what)
        at = this.at + length
      }
      if (at > bytes.length) this.fail(`${what} is cut off`)
    }
    this.at = at
  }
}
