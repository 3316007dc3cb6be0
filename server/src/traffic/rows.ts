import { type Access, type Column, columnsByField, defaultFields, nearestField, PanoptesError } from '@panoptes/contract'

/** What a row is named by, in the order in which rows of the same moment stand. */
export const identity = ['controller', 'epoch', 'batch', 'row'] as const

/**
 * The columns that a caller asks for: names by commas, `*` for all, the list's when nothing is said. Throws PAN0003 for an
 * unknown one.
 */
export function chooseFields(fields: string | undefined): string[] {
  if (!fields) return [...defaultFields]
  if (fields === '*') return [...columnsByField.keys()]
  const names = [...new Set(fields.split(',').map((name) => name.trim()))].filter(Boolean)
  for (const name of names) {
    if (columnsByField.has(name)) continue
    const near = nearestField(name)
    throw new PanoptesError('PAN0003', `fields: there is no field “${name}”${near ? `; did you mean “${near}”?` : ''}`, { field: 'fields' })
  }
  return names
}

/** The expressions of a SELECT that readRow reads: the identity, then the fields. */
export function selectList(fields: readonly string[]): string {
  return [...identity.map((name) => columnsByField.get(name)!), ...fields.map((name) => columnsByField.get(name)!)]
    .map((column, i) => `${expression(column)} AS c${i}`)
    .join(', ')
}

/** How a column is read. Each expression costs the engine's planner as much as two columns. */
function expression({ name, type, field }: Column): string {
  if (type.startsWith('DateTime')) return `toUnixTimestamp64Micro(${name})`
  return field === 'span.id' ? `leftPad(lower(hex(${name})), 16, '0')` : name
}

/** One row of a selectList as an access. */
export function readRow(row: readonly unknown[], fields: readonly string[]): Access {
  const access: Access = { id: row.slice(0, identity.length).map(safe).join('~') }
  for (const [i, field] of fields.entries()) access[field] = readValue(columnsByField.get(field)!, row[i + identity.length])
  return access
}

const noUuid = '00000000-0000-0000-0000-000000000000'

/** One value as the API writes it, from ClickHouse's JSON. */
export function readValue({ type, field }: Column, value: unknown): Access[string] {
  if (type.startsWith('DateTime')) return isoTime(Number(value))
  if (type === 'UUID') return value === noUuid ? '' : field === 'trace.id' ? String(value).replaceAll('-', '') : String(value)
  if (type === 'IPv6') return value === '::' ? '' : String(value).replace(/^::ffff:(?=\d+\.)/, '')
  if (field === 'span.id') return value === '0000000000000000' ? '' : String(value)
  if (type.startsWith('Map')) return value as Record<string, string>
  return type.includes('Int') ? safe(Number(value)) : String(value)
}

/** Counters of hostile senders: what a JSON number cannot hold is its largest. */
const safe = <T>(value: T) => (typeof value === 'number' ? Math.min(value, Number.MAX_SAFE_INTEGER) : value)

/** Microseconds since 1970 as ISO 8601 UTC. */
export function isoTime(us: number): string {
  return `${new Date(Math.floor(us / 1000)).toISOString().slice(0, 19)}.${String(us % 1_000_000).padStart(6, '0')}Z`
}

/** The parts of an access's id. Throws PAN0007 for a text that is none. */
export function parseId(id: string): { controller: string; epoch: number; batch: number; row: number } {
  const match = /^(.*)~(\d{1,15})~(\d{1,15})~(\d{1,9})$/s.exec(id)
  if (!match) throw new PanoptesError('PAN0007', `“${id}” is no id of an access: controller~epoch~batch~row`)
  return { controller: match[1]!, epoch: Number(match[2]), batch: Number(match[3]), row: Number(match[4]) }
}
