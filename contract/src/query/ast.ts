/**
 * A query as data: what `parseQuery` makes, `printQuery` prints, the server turns into SQL and a live view evaluates.
 * Fields are named as in the query language; values are already in the record's units.
 */
export type Query =
  | { kind: 'all' }
  | { kind: 'and' | 'or'; items: Query[] }
  | { kind: 'not'; item: Query }
  | { kind: 'exists'; field: string }
  | { kind: 'compare'; field: string; op: CompareOperator; value: Value }
  | { kind: 'contains'; field: string; parts: string[]; negated: boolean }
  | { kind: 'regexp'; field: string; source: string; ignoreCase: boolean; negated: boolean }
  | { kind: 'in'; field: string; values: Value[]; negated: boolean }
  | { kind: 'word'; parts: string[] }

export const compareOperators = ['=', '!=', '>', '>=', '<', '<='] as const
export type CompareOperator = (typeof compareOperators)[number]

export type Value =
  /** Literal pieces with a wildcard between each two: one piece is an exact text. */
  | { type: 'text'; parts: string[] }
  /** Microseconds, bytes or a plain number. */
  | { type: 'number'; number: number }
  /** A class of statuses: 5 means 500 to 599. */
  | { type: 'class'; hundred: number }
  /** An address, or a network when fewer than 128 bits count; IPv4 is ::ffff:a.b.c.d. */
  | { type: 'ip'; address: string; bits: number }
  | { type: 'uuid'; uuid: string }
  /** 16 hex digits. */
  | { type: 'hex'; hex: string }
  /** Microseconds since 1970. */
  | { type: 'time'; us: number }

/** Joins queries, flattening groups of the same kind; no item means everything. */
export function join(kind: 'and' | 'or', items: Query[]): Query {
  const flat = items.flatMap((item) => (item.kind === kind ? item.items : [item]))
  if (flat.length === 0) return { kind: 'all' }
  return flat.length === 1 ? flat[0]! : { kind, items: flat }
}
