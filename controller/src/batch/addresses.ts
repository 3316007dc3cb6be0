import { isIPv4, isIPv6 } from 'node:net'
import type { Interner } from './interner.ts'

/** The sixteen bytes of an address as four words, kept per interned text; what is no address is `::`. */
export class Addresses {
  private words = new Uint32Array(4 * 1024)
  private known = new Uint8Array(1024)
  private generation = 0
  private readonly interner: Interner

  constructor(interner: Interner) {
    this.interner = interner
  }

  /** Writes the address whose text has this id to `out` at word `at`. */
  write(id: number, out: Uint32Array, at: number): void {
    if (this.generation !== this.interner.generation) {
      this.known.fill(0)
      this.generation = this.interner.generation
    }
    if (id >= this.known.length) this.grow(id)
    const w = id * 4
    if (this.known[id] === 0) {
      this.words.set(parseAddress(this.interner.text(id)), w)
      this.known[id] = 1
    }
    out[at] = this.words[w]!
    out[at + 1] = this.words[w + 1]!
    out[at + 2] = this.words[w + 2]!
    out[at + 3] = this.words[w + 3]!
  }

  private grow(id: number): void {
    const size = Math.max(id + 1, this.known.length * 2)
    const known = new Uint8Array(size)
    known.set(this.known)
    const words = new Uint32Array(size * 4)
    words.set(this.words)
    this.known = known
    this.words = words
  }
}

/** An IPv4 or IPv6 address in network order, as four little-endian words; `::` for anything else. */
export function parseAddress(text: string): Uint32Array {
  const bytes = Buffer.alloc(16)
  if (isIPv4(text)) {
    bytes.writeUInt16BE(0xffff, 10)
    text.split('.').forEach((part, i) => {
      bytes[12 + i] = Number(part)
    })
  } else if (isIPv6(text)) {
    writeIPv6(text.split('%')[0]!, bytes)
  }
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 16))
}

function writeIPv6(text: string, bytes: Buffer): void {
  const embedded = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  const plain = embedded
    ? `${embedded[1]}${(Number(embedded[2]) * 256 + Number(embedded[3])).toString(16)}:${(Number(embedded[4]) * 256 + Number(embedded[5])).toString(16)}`
    : text
  const [head = '', tail] = plain.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  front.forEach((part, i) => {
    bytes.writeUInt16BE(Number.parseInt(part, 16), i * 2)
  })
  back.forEach((part, i) => {
    bytes.writeUInt16BE(Number.parseInt(part, 16), 16 - (back.length - i) * 2)
  })
}
