/** Asking takes this share of the time at most, however often it is wanted. */
const share = 0.02

/**
 * A question whose answer is kept for a while, the longer the longer it took: pages that stay open ask every few seconds, and what
 * they ask must not cost the machine more as the record grows. Not for more than `mostMs`: the first answer after a start takes long,
 * and nobody would see the record fill meanwhile. Failures are not kept.
 */
export function sparing<T>(ask: (key: string) => Promise<T>, mostMs = Number.POSITIVE_INFINITY, now = () => performance.now()): (key: string) => Promise<T> {
  const kept = new Map<string, { answer: Promise<T>; until: number }>()
  return (key) => {
    const known = kept.get(key)
    if (known && now() < known.until) return known.answer
    const began = now()
    const entry = { answer: ask(key), until: Number.POSITIVE_INFINITY }
    kept.set(key, entry)
    entry.answer.then(
      () => {
        entry.until = now() + Math.min((now() - began) / share, mostMs)
      },
      () => kept.delete(key),
    )
    return entry.answer
  }
}
