const steps = ['', 'k', 'M', 'G', 'T', 'P']

function scaled(value: number, base: number): [number, number] {
  let size = Math.abs(value)
  let step = 0
  while (size >= base && step < steps.length - 1) {
    size /= base
    step++
  }
  return [value < 0 ? -size : size, step]
}

function digits(value: number): string {
  const size = Math.abs(value)
  return size >= 100 || Number.isInteger(value) ? Math.round(value).toString() : size >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** A count, short: 1234567 → 1.23 M; whole up to 9,999. */
export function formatCount(value: number): string {
  if (Math.abs(value) < 10_000) return Number.isInteger(value) ? value.toLocaleString('en-US') : digits(value)
  const [size, step] = scaled(value, 1000)
  return `${digits(size)} ${steps[step]}`
}

/** Requests per second. */
export function formatRate(value: number): string {
  if (value === 0) return '0/s'
  if (value < 0.01) return '< 0.01/s'
  return `${formatCount(value)}/s`.replace(' ', ' ')
}

/** Bytes in binary units. */
export function formatBytes(value: number): string {
  const [size, step] = scaled(value, 1024)
  return `${digits(size)} ${step === 0 ? 'B' : `${steps[step]!.toUpperCase()}iB`}`
}

/** Microseconds in the unit that reads best; a dash where there is none. */
export function formatDuration(us: number | null | undefined): string {
  if (us === null || us === undefined) return '–'
  if (us < 1_000) return `${Math.round(us)} µs`
  if (us < 1_000_000) return `${digits(us / 1_000)} ms`
  if (us < 120_000_000) return `${digits(us / 1_000_000)} s`
  return formatSpan(us / 1000)
}

/** A length of time in milliseconds, roughly: 5400000 → 1.5 h. */
export function formatSpan(ms: number): string {
  const s = ms / 1000
  if (s < 1) return `${Math.round(ms)} ms`
  if (s < 100) return `${digits(s)} s`
  if (s < 6_000) return `${digits(s / 60)} min`
  if (s < 172_800) return `${digits(s / 3600)} h`
  return `${digits(s / 86_400)} d`
}

/** A share between 0 and 1. Never rounds up to 100 % nor down to 0 % what is not. */
export function formatRatio(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined) return 'unknown'
  if (ratio === 0 || ratio === 1) return `${ratio * 100} %`
  if (ratio > 0.9999) return '> 99.99 %'
  if (ratio < 0.0001) return '< 0.01 %'
  const percent = ratio * 100
  const text = percent >= 99 || percent < 1 ? percent.toFixed(2) : percent.toFixed(1)
  return `${text} %`
}

const pad = (n: number, width = 2) => String(n).padStart(width, '0')

/** A moment as `2026-03-03 14:05:09`, in the reader's zone or UTC; `precision` adds ms or µs. */
export function formatTime(iso: string | number, utc: boolean, precision: 's' | 'ms' | 'us' = 's'): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return String(iso)
  const [y, mo, d, h, mi, s] = utc
    ? [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()]
    : [at.getFullYear(), at.getMonth(), at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()]
  const fraction = typeof iso === 'string' ? (/\.(\d+)/.exec(iso)?.[1] ?? '').padEnd(6, '0') : `${pad(at.getMilliseconds(), 3)}000`
  const tail = precision === 's' ? '' : `.${fraction.slice(0, precision === 'ms' ? 3 : 6)}`
  return `${y}-${pad(mo + 1)}-${pad(d)} ${pad(h)}:${pad(mi)}:${pad(s)}${tail}`
}

/** How long ago: `12 s ago`, `3.2 h ago`; `never` for null. */
export function formatAgo(iso: string | null | undefined, nowMs: number): string {
  if (!iso) return 'never'
  const ms = nowMs - Date.parse(iso)
  if (ms < 0) return ms > -2_000 ? 'now' : `in ${formatSpan(-ms)}`
  return ms < 1_000 ? 'now' : `${formatSpan(ms)} ago`
}

/** Whether a mark is not known yet at all: the hours of its window are still being added up. */
export function isCounting({ state, sourcesKnown, sourcesUnknown }: { state: string; sourcesKnown: number; sourcesUnknown: number }): boolean {
  return state === 'pending' && sourcesKnown + sourcesUnknown === 0
}
