import { type Column, kindOf, PanoptesError, type Query, resolveField } from '@panoptes/contract'
import { windowed } from './compile.ts'
import { ask, type Reader } from './reader.ts'
import { readValue } from './rows.ts'
import type { TimeWindow } from './window.ts'

export interface Facet {
  field: string
  distinct: number
  values: { value: string; count: number }[]
}

interface FacetRequest {
  query: Query
  window: TimeWindow
  fields: readonly string[]
  limit: number
  signal?: AbortSignal
}

/** Most frequent values of each field among the matching accesses; either-side names count both sides. Throws PAN0003 for an unknown field. */
export async function facets(reader: Reader, request: FacetRequest): Promise<Facet[]> {
  return Promise.all(request.fields.map((field) => facet(reader, field, request)))
}

async function facet(reader: Reader, field: string, { query, window, limit, signal }: FacetRequest): Promise<Facet> {
  const ref = resolveField(field)
  if (!ref || ref.kind === 'map') throw new PanoptesError('PAN0003', `fields: there are no facets of “${field}”`, { field: 'fields' })
  const { where, parameters } = windowed(query, window.fromUs, window.toUs)
  const content = ref.columns.map((column) => textOf(column, ref.key === undefined ? undefined : parameters.add('String', ref.key)))
  const value = content.length === 1 ? content[0] : `arrayJoin(arrayDistinct([${content.join(', ')}]))`
  const sql = `SELECT value, count() AS count, count() OVER () AS distinct FROM (SELECT ${value} AS value FROM accesses WHERE ${where})
    GROUP BY value ORDER BY count DESC, value LIMIT ${parameters.add('UInt32', limit)}`
  const rows = await reader.query<{ value: string; count: number; distinct: number }>(sql, parameters.values, ask(signal))
  return {
    field,
    distinct: Number(rows[0]?.distinct ?? 0),
    values: rows.map((row) => ({ value: String(readValue(ref.columns[0]!, row.value)), count: Number(row.count) })),
  }
}

/** A column in the text form that readValue reads. */
function textOf(column: Column, key: string | undefined): string {
  if (key !== undefined) return `${column.name}[${key}]`
  switch (kindOf(column)) {
    case 'text':
      return `CAST(${column.name}, 'String')`
    case 'time':
      return `toString(toUnixTimestamp64Micro(${column.name}))`
    case 'hex':
      return `leftPad(lower(hex(${column.name})), 16, '0')`
    default:
      return `toString(${column.name})`
  }
}
