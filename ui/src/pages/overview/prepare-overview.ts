import type { DiskForecast } from '@panoptes/contract'
import { formatBytes, formatSpan } from '../../format/index.ts'
import type { Tone } from '../../parts/index.ts'

export function statusTone(severity: 'notice' | 'warning' | 'critical'): Tone {
  return severity === 'critical' ? 'bad' : severity === 'warning' ? 'warn' : 'accent'
}

/** When the disk is full, in words; says unknown where it is unknown. */
export function forecastWords(disk: DiskForecast, nowMs: number): string {
  const free = `${formatBytes(disk.freeBytes)} free`
  if (disk.fullAt) return `${free}, full in ${formatSpan(Date.parse(disk.fullAt) - nowMs)}`
  if (disk.retentionHolds) return `${free}; retention holds`
  return disk.bytesPerDay === null ? `${free}; growth not known yet` : `${free}, enough at this pace`
}
