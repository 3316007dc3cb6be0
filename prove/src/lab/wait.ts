export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Asks until the answer is there (not undefined, null or false); throws with the last error after `seconds`. */
export async function until<T>(what: string, seconds: number, ask: () => T | Promise<T>, everyMs = 100): Promise<NonNullable<T>> {
  const end = Date.now() + seconds * 1000
  let last: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== null && answer !== false) return answer as NonNullable<T>
    } catch (error) {
      last = error
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`, last === undefined ? undefined : { cause: last })
    await sleep(everyMs)
  }
}
