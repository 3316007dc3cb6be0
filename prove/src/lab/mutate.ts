import type { Random } from '../random.ts'

/** Ways to spoil bytes; each leaves something that still looks much like a message. */
const ways: Record<string, (bytes: Buffer, random: Random) => Buffer> = {
  flipBit(bytes, random) {
    const out = Buffer.from(bytes)
    const at = random.int(out.length)
    out[at] = out[at]! ^ (1 << random.int(8))
    return out
  },
  flipMany(bytes, random) {
    const out = Buffer.from(bytes)
    for (let i = 2 + random.int(20); i > 0; i--) out[random.int(out.length)] = random.int(256)
    return out
  },
  truncate: (bytes, random) => Buffer.from(bytes.subarray(0, random.int(bytes.length))),
  extend: (bytes, random) => Buffer.concat([bytes, Buffer.from(Array.from({ length: 1 + random.int(12) }, () => random.int(256)))]),
  /** A byte that is likely a length becomes hostile. */
  hostileLength(bytes, random) {
    const out = Buffer.from(bytes)
    const lengths: number[] = []
    for (let i = 0; i + 1 < out.length; i++) if ((out[i]! & 7) === 2 && out[i]! < 128) lengths.push(i + 1)
    if (lengths.length === 0) return out
    const at = random.pick(lengths)
    const evil = random.pick([
      Buffer.from([0x7f]),
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07]),
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
    ])
    return Buffer.concat([out.subarray(0, at), evil, out.subarray(at + 1)])
  },
  /** A tag changes its wire type. */
  wrongType(bytes, random) {
    const out = Buffer.from(bytes)
    const at = random.int(out.length)
    out[at] = (out[at]! & 0xf8) | random.int(8)
    return out
  },
  invalidUtf8(bytes, random) {
    const out = Buffer.from(bytes)
    for (let tries = 0; tries < 50; tries++) {
      const at = random.int(out.length)
      if (out[at]! < 0x61 || out[at]! > 0x7a) continue
      out[at] = random.pick([0x80, 0xc0, 0xed, 0xff])
      return out
    }
    return out
  },
  /** A run of bytes moves elsewhere. */
  splice(bytes, random) {
    const from = random.int(bytes.length)
    const piece = bytes.subarray(from, from + 1 + random.int(16))
    const at = random.int(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
  },
  zero(bytes, random) {
    const out = Buffer.from(bytes)
    const from = random.int(out.length)
    out.fill(0, from, Math.min(out.length, from + 1 + random.int(8)))
    return out
  },
}
const names = Object.keys(ways)

/** Spoils a message in one seeded way; says which. */
export function mutate(bytes: Buffer, random: Random): { way: string; bytes: Buffer } {
  const way = random.pick(names)
  return { way, bytes: bytes.length === 0 ? bytes : ways[way]!(bytes, random) }
}
