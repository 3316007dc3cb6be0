import { stringify } from 'yaml'
import type { OneObject } from './objects.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** The object as it was: specification and status put together again, with its version. */
export function documentOf({ row, spec, status }: OneObject): { [key: string]: Json } {
  const object = (spec ? JSON.parse(spec) : { metadata: { name: row.name, namespace: row.namespace, uid: row.uid } }) as { [key: string]: Json }
  const metadata = { ...(object.metadata as { [key: string]: Json }), resourceVersion: String(row.resourceVersion) }
  return { ...object, metadata, ...(status ? { status: JSON.parse(status) as Json } : {}) }
}

export const yamlOf = (object: OneObject): string => stringify(documentOf(object), { lineWidth: 0 })

export interface Change {
  path: string
  before: string
  after: string
}

/** Fields that differ, by their path; lists of things with names are matched by name. */
export function changesBetween(before: Json | undefined, after: Json | undefined, path = ''): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const [left, right] = [entriesOf(before), entriesOf(after)]
  if (!left || !right) return [{ path, before: textOf(before), after: textOf(after) }]
  const keys = [...new Set([...left.keys(), ...right.keys()])]
  return keys.flatMap((key) => changesBetween(left.get(key), right.get(key), key.startsWith('[') ? `${path}${key}` : path ? `${path}.${key}` : key))
}

const textOf = (value: Json | undefined): string => (value === undefined ? '' : JSON.stringify(value))

function entriesOf(value: Json | undefined): Map<string, Json> | undefined {
  if (Array.isArray(value)) {
    const names = value.map((item) => (typeof item === 'object' && item !== null && !Array.isArray(item) ? (item.name ?? item.type) : undefined))
    const named = names.every((name) => typeof name === 'string') && new Set(names).size === names.length
    return new Map(value.map((item, i) => [named ? `[${names[i]}]` : `[${i}]`, item]))
  }
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined
}
