/** Makes a value safe for a terminal: no control character of a path or header may move the cursor or change colours. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A cell's text: lists joined, objects as JSON, nothing for null. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(cellText).join(', ')
  return plain(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return ''
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let size = value
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`
}

/** A duration given in µs. */
export function duration(us: number | null | undefined): string {
  if (us === null || us === undefined) return ''
  if (us < 1_000) return `${us} µs`
  if (us < 1_000_000) return `${(us / 1_000).toFixed(us < 10_000 ? 2 : us < 100_000 ? 1 : 0)} ms`
  return `${(us / 1_000_000).toFixed(us < 10_000_000 ? 2 : 1)} s`
}

export function percent(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined) return ''
  // A record that misses one entry of a million is not 100 %.
  const shown = ratio < 1 && ratio > 0.9999 ? Math.floor(ratio * 1e8) / 1e6 : Math.round(ratio * 10_000) / 100
  return `${shown} %`
}

/** A moment in local time, to the second. */
export function when(iso: string | null | undefined): string {
  if (!iso) return ''
  const date = new Date(iso)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
