import type { CompletenessAnswer, Row } from '../lab/api.ts'
import type { Fleet, FleetRequest } from '../lab/fleet.ts'
import { isoUs } from './file-log.ts'

/** Per proxy: entries the generator had to log, rows in the record, and what the record itself reports as missed. */
export interface Account {
  proxy: string
  entries: number
  rows: number
  reported: number | null
}

/** Adds up rows and reported misses per proxy. */
export function accountsOf(fleet: Fleet, rows: readonly Row[], completeness: CompletenessAnswer): Account[] {
  const counted = new Map<string, number>()
  for (const row of rows) counted.set(String(row.proxy), (counted.get(String(row.proxy)) ?? 0) + 1)
  return fleet.truths.map(({ id, entries }) => {
    const sources = completeness.sources.filter((s) => s.proxy === id && s.kind === 'http')
    const reported =
      sources.length === 0 ? null : sources.reduce((sum: number | null, s) => (sum === null || s.total.missed === null ? null : sum + s.total.missed), 0)
    return { proxy: id, entries, rows: counted.get(id) ?? 0, reported }
  })
}

/**
 * Holds rows against the generator's log: unknown, double and altered rows, and proxies whose rows and reported misses do not
 * add up to what they had to log.
 */
export function fleetDifferences(fleet: Fleet, rows: readonly Row[], completeness: CompletenessAnswer): string[] {
  const out: string[] = []
  const known = new Map<string, FleetRequest>(fleet.requests.map((r) => [r.id, r]))
  const seen = new Set<string>()
  for (const row of rows) {
    const id = String(row['request.id'])
    const request = known.get(id)
    const key = `${id} ${row.reporter}`
    if (!request) out.push(`row ${row.id}: request ${id} was never sent`)
    else {
      const proxy = fleet.truths[row.reporter === 'client' ? request.client : request.server]!.id
      const must: [string, unknown, unknown][] = [
        ['proxy', row.proxy, proxy],
        ['status', row.status, request.status],
        ['duration', row.duration, request.durationUs],
        ['ts', isoUs(String(row.ts)), request.startUs],
        ['path', row.path, request.path],
      ]
      for (const [field, is, should] of must) if (String(is) !== String(should)) out.push(`row ${row.id}: ${field} is ${is}, must be ${should}`)
    }
    if (seen.has(key)) out.push(`row ${row.id}: ${key} is there twice`)
    seen.add(key)
  }
  for (const { proxy, entries, rows: counted, reported } of accountsOf(fleet, rows, completeness)) {
    if (reported === null) out.push(`${proxy}: ${entries - counted} missing, and the record says it does not know`)
    else if (counted + reported !== entries) out.push(`${proxy}: ${counted} rows + ${reported} reported missing = ${counted + reported}, must be ${entries}`)
  }
  return out
}
