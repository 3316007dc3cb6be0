/** A seeded stream of random numbers: the same seed gives the same run. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** Whole number in [0, n). */
  int(n: number): number
  /** In [from, to). */
  between(from: number, to: number): number
  pick<T>(items: readonly T[]): T
  /** A key, as often as its weight says. */
  weighted<K extends string>(weights: Record<K, number>): K
  /** A version 4 UUID. */
  uuid(): string
  /** A stream of its own, so that one part of a run does not shift the numbers of another. */
  fork(label: string): Random
}

function hash(text: string): number {
  let h = 2166136261
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619)
  return h >>> 0
}

/** Seeds a stream (mulberry32; not for secrets). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const int = (n: number): number => Math.floor(next() * n)
  const hex = (digits: number): string => Array.from({ length: digits }, () => int(16).toString(16)).join('')
  return {
    next,
    int,
    between: (from, to) => from + next() * (to - from),
    pick: (items) => items[int(items.length)]!,
    weighted<K extends string>(weights: Record<K, number>): K {
      const entries = Object.entries(weights) as [K, number][]
      let at = next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [key, weight] of entries) {
        at -= weight
        if (at < 0) return key
      }
      return entries.at(-1)![0]
    },
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${'89ab'[int(4)]}${hex(3)}-${hex(12)}`,
    fork: (label) => randomOf(hash(`${seed}/${label}`)),
  }
}
