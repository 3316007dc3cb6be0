/** Bounds of how long news is waited for, ms. */
const bounds = { least: 1_000, most: 10_000 }
const rememberMs = 60_000
/** The next news may take longer than all of the last minute: as soon as a machine is suddenly busy. */
const margin = 1.5

/** How long news of a pod takes from what happened to here: by way of kubelet, API server and watch. The longest of the last minute counts. */
export class News {
  private readonly now: () => number
  private seen: { at: number; took: number }[] = []

  constructor(now: () => number) {
    this.now = now
  }

  /** Notes news of something that happened at `happened` (epoch ms, whole seconds). */
  came(happened: number): void {
    const at = this.now()
    const took = at - happened
    if (took <= 0 || took > 10 * bounds.most) return
    // Only the longest of what may still count is kept.
    this.seen = this.seen.filter((other) => other.took > took)
    this.seen.push({ at, took })
  }

  /** Milliseconds after which all news of a moment can be expected. */
  get takes(): number {
    while (this.seen[0] && this.seen[0].at < this.now() - rememberMs) this.seen.shift()
    return Math.min(bounds.most, Math.max(bounds.least, margin * (this.seen[0]?.took ?? 0)))
  }
}
