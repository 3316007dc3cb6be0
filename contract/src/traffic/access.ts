import { z } from 'zod'
import { accessColumns, serverColumns } from '../record/accesses.ts'
import type { Column } from '../record/column.ts'

function schemaOf(column: Column): z.ZodType {
  // 64 random bits do not fit a JSON number: 16 hex digits, as W3C trace context writes them.
  if (column.field === 'span.id') return z.string()
  switch (column.type) {
    case 'UInt8':
    case 'UInt16':
    case 'UInt32':
    case 'UInt64':
    case 'Int8':
      return z.number().int()
    case 'Map(LowCardinality(String), String)':
      return z.record(z.string(), z.string())
    default:
      return z.string()
  }
}

const columns = [...serverColumns, ...accessColumns]

/**
 * One access as JSON: flat, dotted field names, only the fields asked for. Times are ISO 8601 UTC with microseconds, ids are
 * text, absent ids and addresses are "". `id` names it for ever: controller~epoch~batch~row.
 */
export const Access = z
  .object({ id: z.string(), ...Object.fromEntries(columns.map((c) => [c.field, schemaOf(c).optional().describe(c.description)])) })
  .meta({ id: 'Access' })
export type Access = { id: string } & Record<string, string | number | Record<string, string> | undefined>

/** Fields a list shows unless others are chosen. */
export const listFields = [
  'ts',
  'src.namespace',
  'src.workload',
  'dst.namespace',
  'dst.workload',
  'dst.service',
  'protocol',
  'method',
  'host',
  'path',
  'status',
  'grpc.status',
  'flags',
  'duration',
  'resp.body.bytes',
  'reporter',
  'decision',
  'cluster',
] as const
