import { accessColumns, serverColumns } from '../record/accesses.ts'
import type { Column } from '../record/column.ts'

export type FieldKind = 'text' | 'number' | 'duration' | 'bytes' | 'status' | 'ip' | 'uuid' | 'hex' | 'time' | 'map'

/** What a name in a query means: one column, one key of a map column, or either of several columns. */
export interface FieldRef {
  field: string
  kind: FieldKind
  columns: readonly Column[]
  /** Key within a map column. */
  key?: string
}

/** Every column of an access by the name it has in the query language. */
export const columnsByField: ReadonlyMap<string, Column> = new Map([...serverColumns, ...accessColumns].map((c) => [c.field, c]))

/** Names that mean "either side": `pod=a` is `src.pod=a OR dst.pod=a`. */
export const eitherSide = ['pod', 'pod.uid', 'workload', 'service', 'namespace', 'version', 'sa', 'spiffe', 'ip', 'port', 'node', 'container'] as const

/** The kind of a column: which values and operators it takes. */
export function kindOf(column: Column): FieldKind {
  if (column.field === 'status') return 'status'
  if (column.field === 'span.id') return 'hex'
  if (column.unit) return column.unit === 'us' ? 'duration' : 'bytes'
  switch (column.type) {
    case 'UUID':
      return 'uuid'
    case 'IPv6':
      return 'ip'
    case 'Map(LowCardinality(String), String)':
      return 'map'
    case "DateTime64(6, 'UTC')":
      return 'time'
    case 'String':
    case 'LowCardinality(String)':
      return 'text'
    default:
      return 'number'
  }
}

const either: ReadonlyMap<string, FieldRef> = new Map(
  eitherSide.map((name) => {
    const columns = [columnsByField.get(`src.${name}`)!, columnsByField.get(`dst.${name}`)!]
    return [name, { field: name, kind: kindOf(columns[0]!), columns }]
  }),
)
const maps = [...columnsByField.values()].filter((c) => kindOf(c) === 'map')

/** All names a query may use (maps need a key after a dot). */
export const fieldNames: readonly string[] = [...eitherSide, ...columnsByField.keys()]

/** Finds what a name means, or undefined. */
export function resolveField(name: string): FieldRef | undefined {
  const shorthand = either.get(name)
  if (shorthand) return shorthand
  const column = columnsByField.get(name)
  if (column) return { field: name, kind: kindOf(column), columns: [column] }
  const map = maps.find((m) => name.startsWith(`${m.field}.`) && name.length > m.field.length + 1)
  if (!map) return undefined
  // Envoy writes header names in lower case; tags keep theirs.
  const written = name.slice(map.field.length + 1)
  const key = map.field === 'tags' ? written : written.toLowerCase()
  return { field: `${map.field}.${key}`, kind: 'text', columns: [map], key }
}

/** The known word nearest to a mistyped one, or undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1
  const short = word.slice(0, 60).toLowerCase()
  for (const name of known) {
    const near = distance(short, name)
    if (near < bestDistance) [best, bestDistance] = [name, near]
  }
  return best ?? known.find((name) => name.endsWith(`.${short}`) || name.replaceAll('.', '') === short.replace(/[^a-z0-9]/g, ''))
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]!
}

/** The column's field nearest to a mistyped one, or undefined. */
export function nearestField(name: string): string | undefined {
  return nearest(name, fieldNames)
}
