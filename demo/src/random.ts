/** Numbers that look random and are the same for the same seed: the whole bank is made of them. */
export class Random {
  private a: number
  private b: number
  private c: number
  private d = 1

  constructor(...seed: (string | number)[]) {
    const text = seed.join('\u0000')
    this.a = hash(text, 0x9e3779b9)
    this.b = hash(text, 0x243f6a88)
    this.c = hash(text, 0xb7e15162)
    for (let i = 0; i < 12; i++) this.bits()
  }

  /** 32 random bits (small fast counter generator of 128 bits of state). */
  bits(): number {
    const t = (((this.a + this.b) | 0) + this.d) | 0
    this.d = (this.d + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0
    return t >>> 0
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    return this.bits() / 4294967296
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)]!
  }

  /** One of the items, each as likely as its weight says. */
  weighted<T extends { weight: number }>(items: readonly T[]): T {
    let left = this.next() * items.reduce((sum, item) => sum + item.weight, 0)
    for (const item of items) {
      left -= item.weight
      if (left < 0) return item
    }
    return items.at(-1)!
  }

  /** Which of some rare things happens, by their probabilities; 0 = none. */
  rare(chances: Readonly<Record<number, number>>): number {
    let left = this.next()
    for (const [thing, chance] of Object.entries(chances)) {
      left -= chance
      if (left < 0) return Number(thing)
    }
    return 0
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
  }

  /** Log-normal, as durations and sizes are: half lie under `median`; `spread` 0.3 is calm, 1 is wild. */
  around(median: number, spread = 0.45): number {
    return median * Math.exp(spread * this.normal())
  }

  /** How often something happens that happens `mean` times on average. */
  poisson(mean: number): number {
    if (mean > 60) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()))
    const limit = Math.exp(-mean)
    let product = this.next()
    let count = 0
    while (product > limit) {
      product *= this.next()
      count++
    }
    return count
  }

  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.bits().toString(16).padStart(8, '0')
    return text.slice(0, digits)
  }

  uuid(): string {
    const h = this.hex(32)
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-9${h.slice(17, 20)}-${h.slice(20)}`
  }

  /** Letters and digits as Kubernetes puts them behind the names of pods. */
  suffix(length: number): string {
    let text = ''
    for (let i = 0; i < length; i++) text += 'bcdfghjklmnpqrstvwxz2456789'[this.whole(0, 26)]
    return text
  }
}

function hash(text: string, basis: number): number {
  let h = basis
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) ^ (h >>> 15)
  return h | 0
}
