/** A small seeded generator of random numbers (mulberry32), so that every failure can be had again. */
export function random(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Damages a message in one to four of the ways in which bytes go wrong. */
export function mutate(message: Buffer, next: () => number): Buffer {
  let bytes = Buffer.from(message)
  const times = 1 + Math.floor(next() * 4)
  for (let k = 0; k < times && bytes.length > 4; k++) {
    const at = Math.floor(next() * bytes.length)
    switch (Math.floor(next() * 9)) {
      case 0:
        bytes[at]! ^= 1 << Math.floor(next() * 8)
        break
      case 1:
        bytes = Buffer.from(bytes.subarray(0, at))
        break
      case 2:
        bytes[at] = Math.floor(next() * 256)
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + Math.floor(next() * 8))])
        break
      case 4:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(Array.from({ length: 1 + Math.floor(next() * 12) }, () => Math.floor(next() * 256))),
          bytes.subarray(at),
        ])
        break
      case 5:
        bytes.fill(0xff, at, Math.min(bytes.length, at + 1 + Math.floor(next() * 11)))
        break
      case 6:
        bytes[at] = (bytes[at]! & 0xf8) | Math.floor(next() * 8)
        break
      case 7: {
        // a part of the message a second time
        const end = Math.min(bytes.length, at + Math.floor(next() * 200))
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)])
        break
      }
      default:
        bytes.set([0xc3, 0x28].slice(0, bytes.length - at), at)
    }
  }
  return bytes
}
