/** Why bytes are not a message: counted by `reason`, which is one of a few words. */
export class WireError extends Error {
  readonly reason: string
  readonly offset: number

  constructor(reason: string, offset: number) {
    super(`${reason} at byte ${offset}`)
    this.name = 'WireError'
    this.reason = reason
    this.offset = offset
  }
}

/** Deepest nesting that is read; deeper is refused, as protobuf's own readers do. */
export const maxDepth = 100

/** So many zero bytes stand behind the message, so that a varint at its end stops by itself. */
const padding = 16
const usual = 64 * 1024
const largest = 1024 * 1024

/**
 * Reads protobuf's wire format out of a buffer of its own. Bounds are held per message (`finish`) and not per byte:
 * reading over the end of a message meets zeros or its neighbour, and is found out when the message ends elsewhere.
 */
export class Cursor {
  buf: Buffer = Buffer.alloc(usual)
  view: DataView = viewOf(this.buf)
  p = 0
  /** End of the loaded message. */
  limit = 0
  /** Low and high half of what `u64` read last. */
  lo = 0
  hi = 0

  /** Copies a message in; everything read before is gone. */
  load(bytes: Uint8Array): void {
    const need = bytes.length + padding
    // room for one very large message is given back with the next small one
    if (need > this.buf.length || (this.buf.length > largest && need < usual)) {
      this.buf = Buffer.alloc(Math.max(usual, Math.ceil(need / usual) * usual))
      this.view = viewOf(this.buf)
    }
    this.buf.set(bytes, 0)
    this.buf.fill(0, bytes.length, bytes.length + padding)
    this.p = 0
    this.limit = bytes.length
  }

  fail(reason: string): never {
    throw new WireError(reason, Math.min(this.p, this.limit))
  }

  /** Field number and wire type, as `field << 3 | type`. */
  tag(): number {
    const b = this.buf[this.p]!
    if (b < 128) {
      this.p++
      return b
    }
    return this.longTag()
  }

  private longTag(): number {
    const { buf } = this
    let r = buf[this.p++]! & 127
    for (let shift = 7; shift < 28; shift += 7) {
      const b = buf[this.p++]!
      r |= (b & 127) << shift
      if (b < 128) return r
    }
    const b = buf[this.p++]!
    if (b > 15) this.fail('tag')
    return (r | (b << 28)) >>> 0
  }

  /** End of a length-delimited field: refused where it lies beyond `end`, the end of the message around it. */
  size(end: number): number {
    let b = this.buf[this.p++]!
    let r = b
    if (b > 127) {
      r = b & 127
      let shift = 7
      for (; ; shift += 7) {
        b = this.buf[this.p++]!
        if (shift === 28) {
          if (b > 7) this.fail('length')
          r += b * 268435456
          break
        }
        r |= (b & 127) << shift
        if (b < 128) break
      }
    }
    const stop = this.p + r
    if (stop > end) this.fail('length')
    return stop
  }

  /** A varint of up to 64 bits, cut to its low 32 (signed); the high half is in `hi`, as `u64` leaves it. */
  u32(): number {
    const b = this.buf[this.p]!
    if (b < 128) {
      this.p++
      this.hi = 0
      return b
    }
    this.u64()
    return this.lo
  }

  /** A varint of up to 64 bits into `lo` and `hi`. */
  u64(): void {
    const { buf } = this
    let lo = 0
    let b = 0
    for (let shift = 0; shift < 28; shift += 7) {
      b = buf[this.p++]!
      lo |= (b & 127) << shift
      if (b < 128) {
        this.lo = lo
        this.hi = 0
        return
      }
    }
    b = buf[this.p++]!
    lo |= (b & 127) << 28
    let hi = (b & 127) >> 4
    this.lo = lo
    if (b < 128) {
      this.hi = hi
      return
    }
    for (let shift = 3; shift < 35; shift += 7) {
      b = buf[this.p++]!
      hi |= (b & 127) << shift
      if (b < 128) {
        this.hi = hi
        return
      }
    }
    this.fail('varint')
  }

  /** The varint read next, as a signed 64-bit number; beyond 2^53 it is near, not exact. */
  int64(): number {
    this.u64()
    return this.hi * 4294967296 + (this.lo >>> 0)
  }

  bool(): number {
    this.u64()
    return this.lo | this.hi ? 1 : 0
  }

  /** Passes over the value of a field that is not wanted. */
  skip(tag: number, end: number, depth = 0): void {
    if (tag < 8) this.fail('tag')
    switch (tag & 7) {
      case 0:
        while (this.buf[this.p++]! > 127) if (this.p > end) this.fail('truncated')
        break
      case 1:
        this.p += 8
        break
      case 2:
        this.p = this.size(end)
        break
      case 3:
        this.skipGroup(tag >>> 3, end, depth)
        break
      case 5:
        this.p += 4
        break
      default:
        this.fail('wire-type')
    }
  }

  private skipGroup(field: number, end: number, depth: number): void {
    for (;;) {
      if (this.p >= end) this.fail('truncated')
      const tag = this.tag()
      if ((tag & 7) === 4) {
        if (tag >>> 3 !== field) this.fail('group')
        return
      }
      if (depth >= maxDepth) this.fail('depth')
      this.skip(tag, end, depth + 1)
    }
  }

  /**
   * Passes over a message of scalars alone, checking its structure. `varint` is the tag of its varint field, if it has
   * one: more than ten bytes are malformed there, while in an unknown field they are merely skipped.
   */
  flat(end: number, varint = -1): void {
    while (this.p < end) {
      const tag = this.tag()
      if (tag === varint) this.u64()
      else this.skip(tag, end)
    }
    this.finish(end)
  }

  /** Every message ends exactly where its length said. */
  finish(end: number): void {
    if (this.p !== end) this.fail('truncated')
  }
}

function viewOf(buf: Buffer): DataView {
  return new DataView(buf.buffer, buf.byteOffset, buf.byteLength)
}
