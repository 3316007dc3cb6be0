import { PanoptesError } from '@panoptes/contract'
import { resolveMoment } from '../platform/http/index.ts'

/** A half-open window in microseconds since 1970, and as the answer echoes it. */
export interface TimeWindow {
  fromUs: number
  toUs: number
  from: string
  to: string
}

/** Resolves a window. Throws PAN0003 where it ends before it begins. */
export function resolveWindow({ from, to }: { from: string; to: string }, nowMs = Date.now()): TimeWindow {
  const fromMs = resolveMoment(from, nowMs, 'from')
  const toMs = resolveMoment(to, nowMs, 'to')
  if (fromMs > toMs) throw new PanoptesError('PAN0003', 'from: the window ends before it begins', { field: 'from' })
  return windowOf(fromMs, toMs)
}

/** A window between two moments in milliseconds. */
export function windowOf(fromMs: number, toMs: number): TimeWindow {
  return { fromUs: fromMs * 1000, toUs: toMs * 1000, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
}

const minuteMs = 60_000

/** A window that begins at a moment told by the clock (`-15m`), from the whole minute before it; others as they are. */
export function wholeMinutes(window: TimeWindow, from: string): TimeWindow {
  if (!/^(?:now|-)/.test(from)) return window
  return windowOf(Math.floor(window.fromUs / 1000 / minuteMs) * minuteMs, window.toUs / 1000)
}
