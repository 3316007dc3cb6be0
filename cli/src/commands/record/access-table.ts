import { type Access, type Completeness, defaultFields, PanoptesError } from '@panoptes/contract'
import { duration, type Output, percent, type TableColumn, when } from '../../output/index.ts'

/** Columns of a list of accesses for people: who, what, how it went. */
export function accessColumns(out: Output, fields: readonly string[] | undefined): TableColumn<Access>[] {
  if (fields)
    return ['id', ...fields].map((field) => ({
      title: field,
      value: (a) => (field.startsWith('phase.') || field === 'duration' ? duration(a[field] as number) : a[field]),
    }))
  const party = (a: Access, side: string) =>
    [a[`${side}.namespace`], a[`${side}.workload`] || a[`${side}.service`]].filter(Boolean).join('/') || (side === 'dst' ? (a.host as string) : '?')
  return [
    { title: 'time', value: (a) => when(a.ts as string) },
    { title: 'from', value: (a) => party(a, 'src') },
    { title: 'to', value: (a) => party(a, 'dst') },
    { title: 'protocol', value: (a) => a.protocol },
    { title: 'request', value: (a) => [a.method, a.path].filter(Boolean).join(' ') },
    { title: 'status', value: statusOf, paint: (text, a) => paintStatus(out, text, a) },
    { title: 'duration', value: (a) => duration(a.duration as number), right: true },
    { title: 'side', value: (a) => a.reporter },
  ]
}

function statusOf(a: Access): string {
  const parts = [
    a.status || '',
    a['grpc.status'] !== undefined && Number(a['grpc.status']) > 0 ? `grpc ${a['grpc.status']}` : '',
    a.flags,
    a.decision === 'denied' ? 'denied' : '',
  ]
  return parts.filter(Boolean).join(' ')
}

function paintStatus(out: Output, text: string, a: Access): string {
  const status = Number(a.status)
  if (status >= 500 || Number(a['grpc.status']) > 0 || a.flags || a.decision === 'denied') return out.style('red', text)
  return status >= 400 ? out.style('yellow', text) : text
}

/** A list of field names as people write it; undefined = the usual ones. `*` stays. */
export function fieldsOf(given: string | undefined): string[] | undefined {
  const fields = given
    ?.split(',')
    .map((f) => f.trim())
    .filter(Boolean)
  if (fields && fields.length === 0) throw new PanoptesError('PAN0003', '--fields names no field', { hint: '`panoptes record fields` lists all.' })
  return fields
}

export const usualFields: readonly string[] = defaultFields

/** How complete the answer is, in a sentence: unknown is never said as 100 %. */
export function completenessText(c: Completeness): string {
  const unknown = c.sourcesUnknown > 0 ? `; ${c.sourcesUnknown} of ${c.sourcesKnown + c.sourcesUnknown} sources report no counters` : ''
  const silent = c.sourcesKnown + c.sourcesUnknown === 0 && c.received === 0
  if (silent && c.state === 'pending') return 'how complete this is, is still being counted'
  if (silent) return 'no source has reported in this time'
  switch (c.state) {
    case 'complete':
      return `complete: all ${c.received.toLocaleString('en')} accesses that the proxies counted are here${unknown}`
    case 'incomplete':
      return `incomplete: ${(c.missed ?? 0).toLocaleString('en')} of ${(c.expected ?? 0).toLocaleString('en')} accesses are missing (${percent(c.ratio)} here)${unknown}`
    case 'nothing-expected':
      return `nothing expected: the proxies counted no accesses in this time${unknown}`
    case 'pending':
      return `not settled yet: ${c.received.toLocaleString('en')} accesses so far${unknown}`
    default:
      return `completeness unknown: ${c.received.toLocaleString('en')} accesses${unknown}`
  }
}
