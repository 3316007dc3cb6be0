import { type ObjectFilter, type ObjectRow, rowOf, stateSql } from './objects.ts'
import { type Reader, Where } from './reader.ts'
import type { View } from './view.ts'

export interface Difference {
  change: 'added' | 'removed' | 'changed'
  before: ObjectRow | null
  after: ObjectRow | null
}

interface Found {
  change: Difference['change']
  side: 'before' | 'after'
  added: number
  removed: number
  changed: number
  [column: string]: unknown
}

/**
 * Objects that are there in only one of two views, or with another specification. Versions that differ in status alone are no change here: pods and
 * nodes have a new one every few minutes.
 */
export async function compareViews(reader: Reader, before: View, after: View, filter: ObjectFilter, limit: number, offset: number) {
  const [left, right] = [new Where(), new Where()]
  const [a, b] = [stateSql(before, filter, left), stateSql(after, filter, right)]
  const params = { ...left.params, ...Object.fromEntries(Object.entries(right.params).map(([name, value]) => [`r${name}`, value])) }
  const sides = `SELECT *, 'before' AS side FROM (${a}) UNION ALL SELECT *, 'after' AS side FROM (${b.replaceAll('{v', '{rv')})`
  const grouped = `SELECT cluster, uid, if(count() = 2, 'changed', if(any(side) = 'after', 'added', 'removed')) AS change FROM (${sides})
    GROUP BY cluster, uid HAVING count() = 1 OR uniqExact(hash) = 2`
  const picked = `SELECT *, countIf(change = 'added') OVER () AS added, countIf(change = 'removed') OVER () AS removed, countIf(change = 'changed') OVER () AS changed
    FROM (${grouped}) ORDER BY change, cluster, uid LIMIT ${limit} OFFSET ${offset}`
  const rows = await reader.query<Found>(
    `SELECT s.*, p.change AS change, p.added AS added, p.removed AS removed, p.changed AS changed FROM (${sides}) AS s INNER JOIN (${picked}) AS p USING (cluster, uid)`,
    params,
  )
  const found = new Map<string, Difference>()
  for (const { change, side, ...row } of rows) {
    const object = rowOf(row as unknown as Parameters<typeof rowOf>[0])
    const key = `${object.cluster}/${object.uid}`
    const difference = found.get(key) ?? { change, before: null, after: null }
    difference[side] = object
    found.set(key, difference)
  }
  const { added = 0, removed = 0, changed = 0 } = rows[0] ?? {}
  const differences = [...found.values()].sort((x, y) => keyOf(x).localeCompare(keyOf(y)))
  return { counts: { added: Number(added), removed: Number(removed), changed: Number(changed) }, differences }
}

function keyOf({ before, after }: Difference): string {
  const { cluster, kind, namespace, name } = (after ?? before)!
  return `${cluster}/${kind}/${namespace}/${name}`
}
