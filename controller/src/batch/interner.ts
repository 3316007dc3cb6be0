import { isUtf8 } from 'node:buffer'
import { randomInt } from 'node:crypto'

/** So many strings at most, so that ids fit 17 bits. */
const defaultStrings = 1 << 17
const maxBytes = 32 * 1024 * 1024
/** Strings that came last are found by eight of their bytes alone. */
const recentBits = 12
const recentShift = 32 - recentBits

/** Thrown when no more strings fit: the caller seals what is open, clears the interner and tries again. */
export class InternerFull extends Error {
  constructor() {
    super('interner full')
    this.name = 'InternerFull'
  }
}

/**
 * Gives each distinct string a small number, from its bytes, without making a JavaScript string. Id 0 is the empty
 * string. Bounded in strings and bytes; `generation` rises with each `clear`, after which all ids are void.
 */
export class Interner {
  generation = 0
  count = 1
  arena: Buffer = Buffer.alloc(256 * 1024)
  readonly offsets: Uint32Array
  readonly lengths: Uint32Array
  private view = new DataView(this.arena.buffer, this.arena.byteOffset, this.arena.byteLength)
  private used = 0
  private readonly hashes: Int32Array
  private readonly table: Int32Array
  private readonly recent = new Uint32Array(1 << recentBits)
  private readonly maxStrings: number
  /** Keyed at random, so that nobody can choose strings that collide. */
  private readonly seed = randomInt(0x7fffffff)
  private texts: (string | undefined)[] = ['']

  /** `maxStrings` is a power of two. */
  constructor(maxStrings = defaultStrings) {
    this.maxStrings = maxStrings
    this.offsets = new Uint32Array(maxStrings)
    this.lengths = new Uint32Array(maxStrings)
    this.hashes = new Int32Array(maxStrings)
    this.table = new Int32Array(maxStrings * 2)
  }

  /** Id of the bytes [start, start + length) of `buf`; invalid UTF-8 becomes U+FFFD first. */
  intern(buf: Buffer, view: DataView, start: number, length: number): number {
    if (length < 8) return length === 0 ? 0 : this.find(buf, view, start, length)
    const ends = Math.imul(view.getInt32(start + length - 4, true) ^ length, 0x9e3779b1) ^ view.getInt32(start + (length >> 1) - 2, true)
    const place = Math.imul(ends, 0x85ebca6b) >>> recentShift
    const recent = this.recent[place]!
    if (recent !== 0 && this.equals(recent, buf, view, start, length)) return recent
    const id = this.find(buf, view, start, length)
    this.recent[place] = id
    return id
  }

  /** By a hash of all the bytes. */
  private find(buf: Buffer, view: DataView, start: number, length: number): number {
    const end = start + length
    const whole = end - 3
    let h = this.seed ^ length
    let i = start
    for (; i < whole; i += 4) {
      h = Math.imul(h ^ view.getInt32(i, true), 0x9e3779b1)
      h ^= h >>> 15
    }
    for (; i < end; i++) h = Math.imul(h ^ buf[i]!, 0x85ebca6b)
    h ^= h >>> 13
    const mask = this.table.length - 1
    let slot = h & mask
    for (;;) {
      const id = this.table[slot]!
      if (id === 0) break
      if (this.hashes[id] === h && this.equals(id, buf, view, start, length)) return id
      slot = (slot + 1) & mask
    }
    return this.add(buf, start, length, h, slot)
  }

  /** True where the string of `id` is these bytes. */
  equals(id: number, buf: Buffer, view: DataView, start: number, length: number): boolean {
    if (this.lengths[id] !== length) return false
    const end = start + length
    const whole = end - 3
    let o = this.offsets[id]!
    let i = start
    for (; i < whole; i += 4, o += 4) if (view.getInt32(i, true) !== this.view.getInt32(o, true)) return false
    for (; i < end; i++, o++) if (buf[i] !== this.arena[o]) return false
    return true
  }

  /** Id of a JavaScript string. */
  of(text: string): number {
    const bytes = Buffer.from(text, 'utf8')
    return this.intern(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length)
  }

  text(id: number): string {
    let text = this.texts[id]
    if (text === undefined) {
      const offset = this.offsets[id]!
      text = this.arena.toString('utf8', offset, offset + this.lengths[id]!)
      this.texts[id] = text
    }
    return text
  }

  /** Forgets all strings: every id that was given out is void. */
  clear(): void {
    this.table.fill(0)
    this.recent.fill(0)
    this.texts = ['']
    this.count = 1
    this.used = 0
    this.generation++
  }

  private add(buf: Buffer, start: number, length: number, hash: number, slot: number): number {
    if (!isUtf8(buf.subarray(start, start + length))) return this.of(buf.toString('utf8', start, start + length))
    if (this.count >= this.maxStrings - 1 || this.used + length > maxBytes) throw new InternerFull()
    if (this.used + length > this.arena.length) this.grow(this.used + length)
    const id = this.count++
    this.arena.set(buf.subarray(start, start + length), this.used)
    this.offsets[id] = this.used
    this.lengths[id] = length
    this.hashes[id] = hash
    this.used += length
    this.table[slot] = id
    return id
  }

  private grow(need: number): void {
    const arena = Buffer.alloc(Math.min(maxBytes, Math.max(need, this.arena.length * 2)))
    arena.set(this.arena.subarray(0, this.used))
    this.arena = arena
    this.view = new DataView(arena.buffer, arena.byteOffset, arena.byteLength)
  }
}
