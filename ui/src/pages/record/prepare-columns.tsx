import { type Access, accessColumns, columnsByField, serverColumns } from '@panoptes/contract'
import { formatTime } from '../../format/index.ts'
import { Status } from '../../parts/index.ts'
import type { Cell, TableColumn } from '../../table/index.ts'
import { endName, showField, toneOf } from './prepare-access.ts'

/** Columns that are made of several fields. */
const made = ['client', 'server'] as const
export const defaultShown = ['ts', 'client', 'server', 'method', 'path', 'status', 'duration', 'flags', 'reporter']
const titles: Record<string, string> = { ts: 'Time', client: 'Client', server: 'Server' }
const widths: Record<string, number> = {
  ts: 154,
  client: 165,
  server: 165,
  method: 70,
  path: 150,
  status: 78,
  duration: 80,
  flags: 62,
  reporter: 82,
  protocol: 80,
  host: 180,
}

/** Fields that the search must bring for the shown columns. */
export function fieldsFor(shown: readonly string[]): string {
  const fields = new Set(['ts', 'status', 'grpc.status', 'flags', 'decision'])
  for (const id of shown) {
    const side = id === 'client' ? 'src' : id === 'server' ? 'dst' : undefined
    if (!side) fields.add(id)
    else for (const part of ['namespace', 'workload', 'service', 'ip']) fields.add(`${side}.${part}`)
    if (side === 'dst') fields.add('host')
  }
  return [...fields].filter((f) => columnsByField.has(f)).join(',')
}

function StatusCell({ access }: { access: Access }) {
  const text = showField('status', access.status, true) || showField('grpc.status', access['grpc.status'], true) || '–'
  const grpc = Number(access['grpc.status'] ?? -1)
  const tone = toneOf(access)
  const label = grpc > 0 ? `${text} · ${grpc}` : text
  return tone ? <Status tone={tone}>{label}</Status> : <span>{label}</span>
}

function column(id: string, utc: boolean): TableColumn<Access> {
  const numeric = Boolean(columnsByField.get(id)?.unit)
  return {
    id,
    header: titles[id] ?? id,
    width: widths[id] ?? (numeric ? 96 : 140),
    grow: id === 'path',
    fixed: true,
    optional: !defaultShown.includes(id),
    align: numeric ? 'right' : undefined,
    mono: ['ts', 'path', 'query', 'request.id', 'trace.id', 'src.ip', 'dst.ip'].includes(id),
    value: (access) => (id === 'client' ? endName(access, 'src') : id === 'server' ? endName(access, 'dst') : (access[id] as Cell)),
    cell:
      id === 'status'
        ? (access) => <StatusCell access={access} />
        : id === 'ts'
          ? (access) => <time title={formatTime(String(access.ts), utc, 'us')}>{formatTime(String(access.ts), utc, 'ms').slice(5)}</time>
          : made.includes(id as 'client')
            ? (access) => <Ends name={endName(access, id === 'client' ? 'src' : 'dst')} />
            : (access) => showField(id, access[id], utc),
  }
}

/** `namespace/workload` with the part that tells it apart in front of the eye. */
function Ends({ name }: { name: string }) {
  const slash = name.indexOf('/')
  if (slash < 0) return <>{name}</>
  return (
    <span title={name}>
      <span className="dim">{name.slice(0, slash + 1)}</span>
      {name.slice(slash + 1)}
    </span>
  )
}

/** Every column that the table of accesses can show. */
export function accessTableColumns(utc: boolean): TableColumn<Access>[] {
  const fields = [...accessColumns, ...serverColumns].map((c) => c.field)
  const first = defaultShown.filter((id) => id !== 'ts')
  return ['ts', ...first, ...fields.filter((f) => !defaultShown.includes(f))].map((id) => column(id, utc))
}
