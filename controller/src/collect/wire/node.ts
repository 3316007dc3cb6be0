import type { Field, Message, Value } from './schema.ts'

const message = (fields: () => Record<number, Field>): Message => ({ fields })
const s = (name: string): Field => ({ name, kind: 'string' })
const i = (name: string): Field => ({ name, kind: 'int' })

const structValue: Message = message(() => ({
  1: i('null'),
  2: { name: 'number', kind: 'double' },
  3: s('string'),
  4: { name: 'bool', kind: 'bool' },
  5: { name: 'struct', kind: struct },
  6: { name: 'list', kind: list },
}))
const list: Message = message(() => ({ 1: { name: 'values', kind: structValue, repeated: true } }))
/** google.protobuf.Struct */
export const struct: Message = message(() => ({ 1: { name: 'fields', kind: structValue, map: true } }))

const locality = message(() => ({ 1: s('region'), 2: s('zone'), 3: s('subZone') }))
const semantic = message(() => ({ 1: i('major'), 2: i('minor'), 3: i('patch') }))
const build = message(() => ({ 1: { name: 'version', kind: semantic }, 2: { name: 'metadata', kind: struct } }))
const extension = message(() => ({
  1: s('name'),
  2: s('category'),
  3: s('descriptor'),
  4: { name: 'version', kind: build },
  5: { name: 'disabled', kind: 'bool' },
  6: { name: 'types', kind: 'string', repeated: true },
}))
const params = message(() => ({ 1: { name: 'params', kind: 'string', map: true } }))
const socket = message(() => ({ 1: i('protocol'), 2: s('address'), 3: i('port'), 4: s('namedPort'), 5: s('resolver'), 6: { name: 'compat', kind: 'bool' } }))
const pipe = message(() => ({ 1: s('path'), 2: i('mode') }))
const internal = message(() => ({ 1: s('listener'), 2: s('endpoint') }))
const address = message(() => ({
  1: { name: 'socket', kind: socket },
  2: { name: 'pipe', kind: pipe },
  3: { name: 'internal', kind: internal },
}))

/** envoy.config.core.v3.Node */
export const node: Message = message(() => ({
  1: s('id'),
  2: s('cluster'),
  3: { name: 'metadata', kind: struct },
  4: { name: 'locality', kind: locality },
  6: s('agent'),
  7: s('agentVersion'),
  8: { name: 'build', kind: build },
  9: { name: 'extensions', kind: extension, repeated: true },
  10: { name: 'features', kind: 'string', repeated: true },
  11: { name: 'listening', kind: address, repeated: true },
  12: { name: 'parameters', kind: params, map: true },
}))

/** The `Identifier` of access log and metrics streams: the node, and (logs) the log's name. */
export const identifier: Message = message(() => ({ 1: { name: 'node', kind: node }, 2: s('logName') }))

/** A Struct that was read, as plain values. */
export function plainStruct(value: unknown): Record<string, unknown> {
  const fields = (value as Value | undefined)?.fields as Record<string, Value> | undefined
  return Object.fromEntries(Object.entries(fields ?? {}).map(([key, v]) => [key, plainValue(v)]))
}

function plainValue(v: Value): unknown {
  if ('string' in v) return v.string
  if ('number' in v) return v.number
  if ('bool' in v) return v.bool
  if ('struct' in v) return plainStruct(v.struct)
  if ('list' in v) return (((v.list as Value).values as Value[] | undefined) ?? []).map(plainValue)
  return null
}

/** Envoy's version as `1.40.0`, from whichever field of the node has it. */
export function nodeVersion(n: Value): string {
  const version = (n.build as Value | undefined)?.version as Record<string, number> | undefined
  if (version) return `${version.major ?? 0}.${version.minor ?? 0}.${version.patch ?? 0}`
  return typeof n.agentVersion === 'string' ? n.agentVersion : ''
}
