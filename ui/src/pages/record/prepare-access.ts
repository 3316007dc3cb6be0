import { type Access, accessColumns, type Column, columnsByField, serverColumns } from '@panoptes/contract'
import { formatBytes, formatDuration, formatTime } from '../../format/index.ts'

/** A field of an access as text, in its unit; empty where there is nothing. */
export function showField(field: string, value: Access[string], utc: boolean): string {
  if (value === undefined || value === '') return ''
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([k, v]) => `${k}: ${v}`)
      .join('\n')
  const column = columnsByField.get(field)
  if (column?.unit === 'us') return field.startsWith('phase.') && value === 0 ? '' : formatDuration(Number(value))
  if (column?.unit === 'bytes') return formatBytes(Number(value))
  if (column?.type.startsWith('DateTime64')) return formatTime(String(value), utc, 'us')
  if (field === 'mtls') return value ? 'yes' : 'no'
  if (field === 'grpc.status') return Number(value) < 0 ? '' : `${value} ${grpcNames[Number(value)] ?? ''}`.trim()
  if ((field === 'status' || field.endsWith('.port')) && value === 0) return ''
  return String(value)
}

const grpcNames =
  'OK,Cancelled,Unknown,InvalidArgument,DeadlineExceeded,NotFound,AlreadyExists,PermissionDenied,ResourceExhausted,FailedPrecondition,Aborted,OutOfRange,Unimplemented,Internal,Unavailable,DataLoss,Unauthenticated'.split(
    ',',
  )

/** How bad an access was: by status, gRPC status, flags and the policy's decision. */
export function toneOf(access: Access): 'bad' | 'warn' | undefined {
  const status = Number(access.status ?? 0)
  const grpc = Number(access['grpc.status'] ?? -1)
  if (status >= 500 || access.decision === 'denied' || [2, 4, 8, 12, 13, 14, 15].includes(grpc)) return 'bad'
  if (status >= 400 || grpc > 0) return 'warn'
  if (status === 0 && access.flags && access.flags !== '-') return 'bad'
  return undefined
}

const groups: [string, (field: string) => boolean][] = [
  ['Request', (f) => /^(method|scheme|host|path|query|route|upstream\.cluster|protocol|user\.agent|forwarded\.for|attempts)$/.test(f)],
  ['Answer', (f) => /^(status|grpc\.status|flags|details|failure|termination)$/.test(f)],
  ['Time', (f) => /^(ts|duration|phase\.)/.test(f)],
  ['Client side', (f) => f.startsWith('src.') || f === 'client.ip'],
  ['Server side', (f) => f.startsWith('dst.')],
  ['Security', (f) => /^(tls\.|sni|mtls|policy|decision|shadow\.)/.test(f)],
  ['Bytes', (f) => f.endsWith('.bytes')],
  ['Ids', (f) => /^(request\.id|stream\.id|trace\.id|span\.id)/.test(f)],
  ['Headers and tags', (f) => /^(req\.headers|resp\.headers|tags)$/.test(f)],
  ['Evidence', () => true],
]

export interface ShownField {
  field: string
  text: string
  raw: string
  class: Column['class']
  description: string
  source: string
}

/** All fields of one access in groups; empty fields only when asked for. */
export function groupFields(access: Access, utc: boolean, withEmpty = false): { group: string; fields: ShownField[] }[] {
  const result = groups.map(([group]) => ({ group, fields: [] as ShownField[] }))
  for (const column of [...serverColumns, ...accessColumns]) {
    const value = access[column.field]
    const text = showField(column.field, value, utc)
    if (text === '' && !withEmpty) continue
    const at = groups.findIndex(([, belongs]) => belongs(column.field))
    result[at]!.fields.push({
      field: column.field,
      text,
      raw: typeof value === 'object' ? JSON.stringify(value) : String(value ?? ''),
      class: column.class,
      description: column.description,
      source: column.source,
    })
  }
  return result.filter((g) => g.fields.length > 0)
}

export interface Phase {
  name: string
  fromUs: number
  toUs: number
  tone: 'request' | 'wait' | 'response'
}

/** The phases of an access on its own time line, from the moments that Envoy reported; what it did not report is left out. */
export function phasesOf(access: Access): Phase[] {
  const at = (field: string) => Number(access[field] ?? 0)
  const whole = at('duration')
  const lastRx = at('phase.last.rx')
  const sent = at('phase.last.up.tx') || at('phase.first.up.tx')
  const first = at('phase.first.up.rx')
  const last = at('phase.last.up.rx')
  const done = at('phase.last.down.tx') || whole
  const phases: Phase[] = []
  const add = (name: string, fromUs: number, toUs: number, tone: Phase['tone']) => {
    if (toUs > fromUs) phases.push({ name, fromUs, toUs, tone })
  }
  if (lastRx) add('request arrives', 0, lastRx, 'request')
  if (sent) add('passed on', Math.min(lastRx, sent), sent, 'request')
  if (sent && first) add('server works', sent, first, 'wait')
  if (first && last) add('answer arrives', first, last, 'response')
  if (last || first) add('passed back', last || first, done, 'response')
  return phases
}

/** `namespace/workload`, or the best name there is for one end of an access. */
export function endName(access: Access, side: 'src' | 'dst'): string {
  const get = (field: string) => String(access[`${side}.${field}`] ?? '')
  const workload = get('workload')
  const namespace = get('namespace')
  const ip = get('ip') === '::' ? '' : get('ip')
  const name = workload || get('service') || ip || (side === 'dst' ? String(access.host ?? '') : '') || 'unknown'
  return namespace && workload ? `${namespace}/${name}` : name
}

/** What the console shows, as the command that answers the same. */
export function asCommand(
  question: { query: string; from: string; to: string; environment?: string; origin: string },
  verb = 'search',
  more: string[] = [],
): string {
  const arg = (text: string) => (/^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
  const parts = ['panoptes record', verb]
  if (question.query) parts.push(`--query ${arg(question.query)}`)
  if (verb !== 'tail') {
    if (question.to === 'now' && question.from.startsWith('-')) parts.push(`--since ${question.from.slice(1)}`)
    else parts.push(`--from ${arg(question.from)} --to ${arg(question.to)}`)
  }
  if (question.environment) parts.push(`--environment ${arg(question.environment)}`)
  if (question.origin !== 'all') parts.push(`--origin ${question.origin}`)
  return [...parts, ...more].join(' ')
}
