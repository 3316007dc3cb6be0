/** What a person typed as a moment, as the API takes it; undefined where it is none. `2026-03-03 14:05` is read in the reader's zone or UTC. */
export function parseMoment(typed: string, utc: boolean): string | undefined {
  const text = typed.trim()
  if (text === 'now' || text === '') return text || undefined
  if (/^-\d+(\.\d+)?[smhdw]$/.test(text)) return text
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?(Z|[+-]\d{2}:?\d{2})?$/.exec(text)
  if (!parts) return undefined
  const [, day, time = '00:00', zone] = parts
  const at = new Date(`${day}T${time.padStart(time.indexOf(':') === 1 ? time.length + 1 : time.length, '0')}${zone ?? (utc ? 'Z' : '')}`)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}

const ofAMoment = new Set(['environments', 'workloads', 'pods', 'containers', 'images', 'services', 'gateways', 'nodes', 'namespaces', 'objects'])

/** Whether a page shows how things were at one moment; the others show what happened in a window. */
export const showsMoment = (pathname: string): boolean => ofAMoment.has(pathname.split('/')[1] ?? '')
