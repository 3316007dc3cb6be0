import { PanoptesError } from '@panoptes/contract'

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
/** What DateTime64(6) and a JSON number both hold. */
const lastMs = 8_800_000_000_000

/** Resolves `now`, `-15m`, `now-2h` or ISO 8601 with an offset to milliseconds since 1970. Throws PAN0003. */
export function resolveMoment(text: string, nowMs: number, field: string): number {
  const relative = /^(?:now)?(?:-(\d{1,9})([smhdw]))?$/.exec(text)
  if (relative && text !== '') return Math.max(0, nowMs - Number(relative[1] ?? 0) * (unitMs[relative[2] ?? 's'] ?? 0))
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms) || ms < 0 || ms > lastMs) {
    throw new PanoptesError('PAN0003', `${field}: “${text}” is no moment; expected now, -15m, -2h, -7d or 2026-03-01T12:00:00Z`, { field })
  }
  return ms
}
