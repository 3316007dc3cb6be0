import { PanoptesError } from '@panoptes/contract'
import { choice, text, type Values } from './options.ts'

/** Options of every command that asks the record: which accesses, of which time. */
export const windowOptions = {
  query: text('-q, --query <query>', "which accesses, as 'dst.workload=payments AND status>=500' (docs/query.md)"),
  since: text('--since <time>', 'the last 15m, 2h, 7d'),
  from: text('--from <moment>', 'begin: 2026-03-03T14:05 (local time), with Z or an offset, or relative: -2h'),
  to: text('--to <moment>', 'end, as --from; now unless told otherwise'),
  at: text('--at <moment>', 'the quarter of an hour up to this moment'),
  environment: text('--environment <name>', 'accesses with an end in a namespace of this environment'),
  origin: choice('--origin <origin>', 'whose evidence', ['user', 'demo', 'all']),
}

export type WindowValues = Values<typeof windowOptions>

/** The window of a request. Throws PAN0003 where the options contradict each other or a moment cannot be read. */
export function windowOf(
  values: WindowValues,
  query?: string,
): {
  query: string
  from?: string
  to?: string
  environment?: string
  origin?: 'user' | 'demo' | 'all'
} {
  const { since, from, to, at } = values
  if ([since, from, at].filter(Boolean).length > 1) throw new PanoptesError('PAN0003', '--since, --from and --at exclude each other')
  if (at && to) throw new PanoptesError('PAN0003', '--at and --to exclude each other')
  if (query && values.query) throw new PanoptesError('PAN0003', 'the query stands both as an argument and behind --query')
  const { environment, origin } = values
  const asked = { query: query ?? values.query ?? '', ...(environment ? { environment } : {}), ...(origin ? { origin } : {}) }
  if (at) {
    const end = new Date(moment(at))
    if (Number.isNaN(end.getTime())) throw new PanoptesError('PAN0003', `--at needs a moment as 2026-03-03T14:05, not ${at}`)
    return { ...asked, from: new Date(end.getTime() - 900_000).toISOString(), to: end.toISOString() }
  }
  if (since) return { ...asked, from: ago(since), ...(to ? { to: moment(to) } : {}) }
  return { ...asked, ...(from ? { from: moment(from) } : {}), ...(to ? { to: moment(to) } : {}) }
}

function ago(since: string): string {
  if (/^\d+[smhdw]$/.test(since)) return `-${since}`
  throw new PanoptesError('PAN0003', `--since must be a time as 15m, 2h or 7d, not ${since}`)
}

/** A moment as the API takes it: relative ones stay; one without an offset is the local time of this machine. */
export function moment(given: string): string {
  if (given === 'now' || /^-\d+[smhdw]$/.test(given)) return given
  const date = new Date(/^\d{4}-\d\d-\d\d$/.test(given) ? `${given}T00:00` : given.replace(' ', 'T'))
  if (Number.isNaN(date.getTime())) throw new PanoptesError('PAN0003', `cannot read the moment ${given}: write 2026-03-03T14:05, 2026-03-03T14:05Z or -2h`)
  return date.toISOString()
}
