/**
 * Durations as counts per bucket, four buckets to each doubling: bucket b holds [2^(b/4), 2^((b+1)/4)) microseconds.
 * A quantile read from it is within 9 % of the true one.
 */

/** The bucket of a duration column, in SQL. */
export function bucketSql(column: string): string {
  return `toUInt8(floor(log2(greatest(${column}, 1)) * 4))`
}

/** Bucket numbers in order, and how many entries each holds. */
export type Buckets = readonly [readonly number[], readonly number[]]

/** The durations below which the given shares (ascending) of entries lie, in µs; null for no entries. */
export function quantiles(histogram: Buckets | undefined, shares: readonly number[]): (number | null)[] {
  const [buckets, counts] = histogram ?? [[], []]
  let total = 0
  for (const count of counts) total += Number(count)
  if (total === 0) return shares.map(() => null)
  let [at, before] = [0, 0]
  return shares.map((share) => {
    while (at < buckets.length - 1 && before + Number(counts[at]) < share * total) before += Number(counts[at++])
    // Within a bucket durations are taken as spread evenly on the logarithmic scale.
    return Math.round(2 ** ((buckets[at]! + Math.min(1, (share * total - before) / Number(counts[at]))) / 4))
  })
}
