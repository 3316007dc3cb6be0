const units = { MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const

/** Bytes as people type them, `500 GiB`; undefined where it is no size, null where it is empty (no limit). */
export function parseSize(text: string): number | null | undefined {
  const typed = text.trim()
  if (typed === '') return null
  const parts = /^(\d+(?:\.\d+)?)\s*(MiB|GiB|TiB)$/i.exec(typed)
  if (!parts) return undefined
  const unit = Object.entries(units).find(([name]) => name.toLowerCase() === parts[2]!.toLowerCase())!
  return Math.round(Number(parts[1]) * unit[1])
}

/** Bytes in the largest unit that gives at least 1. */
export function printSize(bytes: number | null): string {
  if (bytes === null) return ''
  const [name, size] = Object.entries(units)
    .reverse()
    .find(([, s]) => bytes >= s) ?? ['MiB', units.MiB]
  return `${Number((bytes / size).toFixed(2))} ${name}`
}
