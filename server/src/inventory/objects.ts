import { type KubeObjectRow, ObjectSummary, PanoptesError } from '@panoptes/contract'
import type { z } from 'zod'
import { isoOf, type Members, maybeIso, micros, type Reader, Where } from './reader.ts'
import { rowsOf, type View } from './view.ts'

export type ObjectRow = z.input<typeof KubeObjectRow>

export interface ObjectFilter {
  kinds?: readonly string[] | undefined
  group?: string | undefined
  namespace?: string | undefined
  members?: Members | undefined
  text?: string | undefined
  owner?: string | undefined
  workload?: string | undefined
  node?: string | undefined
}

export interface Slice {
  sort: 'name' | 'created' | 'seen' | 'version'
  order: 'asc' | 'desc'
  limit: number
  offset: number
}

/** What a version of an object is answered as, and the same from a group of versions: the newest decides. */
const fields = ['cluster', 'api_group', 'kind', 'namespace', 'name', 'uid', 'owner_kind', 'owner_name', 'owner_uid', 'workload_kind', 'workload']
const newest = (column: string) => `argMax(${column}, (resource_version, event = 'deleted'))`
const columns = [
  ...fields.map((name) => (name === 'cluster' || name === 'uid' ? name : `${newest(`objects.${name}`)} AS ${name}_`)),
  'max(objects.resource_version) AS version',
  `${micros(newest('ts'))} AS seen`,
  `${micros('max(created)')} AS created_`,
  `${newest('spec_hash')} AS hash`,
  `${newest('summary')} AS summary_`,
  `${newest('event')} AS last`,
].join(', ')

interface Found {
  cluster: string
  uid: string
  version: number
  seen: number
  created_: number
  hash: string
  summary_: string
  last: string
  [column: string]: unknown
}

/** The statement for the objects of a view that are there; `where` collects its parameters. */
export function stateSql(view: View, filter: ObjectFilter, where: Where): string {
  where.add(rowsOf(view, where)).add("event != 'synced'")
  if (filter.kinds) where.add(`kind IN ${where.value('Array(String)', filter.kinds)}`)
  where.equal('api_group', 'String', filter.group).equal('namespace', 'String', filter.namespace).equal('owner_uid', 'UUID', filter.owner)
  where.equal('workload', 'String', filter.workload).contains('name', filter.text)
  // A namespace is in an environment itself, though it lies in none.
  where.inside(filter.members, "if(kind = 'Namespace' AND api_group = '', name, namespace)")
  if (filter.node) where.add(`(name = ${where.value('String', filter.node)} OR JSONExtractString(summary, 'node') = ${where.value('String', filter.node)})`)
  return `SELECT ${columns} FROM objects WHERE ${where.sql} GROUP BY cluster, uid HAVING last != 'deleted'`
}

const sorts = { name: 'kind_, namespace_, name_', created: 'created_', seen: 'seen', version: 'version' } as const

/** Objects of a view, a page of them, and how many there are in all. */
export async function listState(
  reader: Reader,
  view: View,
  filter: ObjectFilter,
  { sort, order, limit, offset }: Slice,
): Promise<{ objects: ObjectRow[]; total: number }> {
  const where = new Where()
  const by = sorts[sort].split(', ').map((column) => `${column} ${order}`)
  const sql = `SELECT *, count() OVER () AS total FROM (${stateSql(view, filter, where)}) ORDER BY ${by.join(', ')}, cluster, uid LIMIT ${limit} OFFSET ${offset}`
  const rows = await reader.query<Found & { total: number }>(sql, where.params)
  if (rows.length === 0 && offset > 0) return { objects: [], total: offset }
  return { objects: rows.map(rowOf), total: Number(rows[0]?.total ?? 0) }
}

/** A found object as it is answered. */
export function rowOf(row: Found): ObjectRow {
  const of = (name: string) => String(row[`${name}_`])
  const owner = of('owner_kind') ? { kind: of('owner_kind'), name: of('owner_name'), uid: of('owner_uid') } : null
  return {
    ...{ cluster: row.cluster, group: of('api_group'), kind: of('kind'), namespace: of('namespace'), name: of('name'), uid: row.uid },
    ...{ resourceVersion: Number(row.version), createdAt: maybeIso(row.created_), seenAt: isoOf(row.seen), owner },
    ...{ workload: { kind: of('workload_kind'), name: of('workload') }, specHash: row.hash, summary: summaryOf(row.summary_) },
  }
}

function summaryOf(json: string): ObjectSummary {
  try {
    return ObjectSummary.parse(JSON.parse(json || '{}'))
  } catch {
    // One of a controller of another release: a list without it is better than none.
    return {}
  }
}

export interface OneObject {
  row: ObjectRow
  deletedUs: number
  status: string
  spec: string
}

/** One object at a moment (µs) or version, as JSON texts; undefined where it was not there yet. Throws PAN0007 where the record knows no such object. */
export async function objectAt(
  reader: Reader,
  uid: string,
  { atUs, resourceVersion }: { atUs: number; resourceVersion?: number | undefined },
): Promise<OneObject | undefined> {
  const where = new Where().equal('uid', 'UUID', uid)
  const [known] = await reader.query<{ n: number }>(`SELECT count() AS n FROM objects WHERE ${where.sql}`, where.params)
  if (Number(known?.n ?? 0) === 0) throw new PanoptesError('PAN0007', `the record knows no object ${uid}`)
  if (resourceVersion !== undefined) where.add(`resource_version <= ${where.value('UInt64', resourceVersion)}`)
  // What was created before the moment was there, though it may have been told later.
  else
    where.add(
      `(toUnixTimestamp64Micro(ts) <= ${where.value('Int64', Math.round(atUs))} OR event IN ('added', 'known') AND toUnixTimestamp64Micro(created) <= ${where.value('Int64', Math.round(atUs))})`,
    )
  const [row] = await reader.query<Found & { status_: string; spec_: string; deleted: number }>(
    `SELECT ${columns}, ${newest('status')} AS status_, ${micros("maxIf(ts, event = 'deleted')")} AS deleted FROM objects WHERE ${where.sql} GROUP BY cluster, uid`,
    where.params,
  )
  if (!row) return undefined
  const spec = new Where().equal('uid', 'UUID', uid).equal('spec_hash', 'String', row.hash)
  const [found] = await reader.query<{ spec: string }>(`SELECT spec FROM objects WHERE ${spec.sql} AND spec != '' LIMIT 1`, spec.params)
  return { row: rowOf(row), deletedUs: row.last === 'deleted' ? Number(row.deleted) : 0, status: row.status_, spec: found?.spec ?? '' }
}

export interface Version {
  resourceVersion: number
  seenAt: string
  event: 'added' | 'modified' | 'deleted' | 'known'
  how: string
  specHash: string
}

const versionColumns = `resource_version AS version, ${micros('ts')} AS seen, event, how, spec_hash AS hash`

interface FoundVersion {
  version: number
  seen: number
  event: Version['event']
  how: string
  hash: string
}
const versionOf = ({ version, seen, event, how, hash }: FoundVersion): Version => ({
  ...{ resourceVersion: Number(version), seenAt: isoOf(seen), event, how, specHash: hash },
})

/** Versions of an object, newest first. */
export async function versionsOf(reader: Reader, uid: string, limit: number, offset: number): Promise<Version[]> {
  const where = new Where().equal('uid', 'UUID', uid)
  const rows = await reader.query<FoundVersion>(
    `SELECT ${versionColumns} FROM objects WHERE ${where.sql} ORDER BY ts DESC LIMIT ${limit} OFFSET ${offset}`,
    where.params,
  )
  return rows.map(versionOf)
}

interface FoundChange extends FoundVersion {
  cluster: string
  group: string
  kind: string
  namespace: string
  name: string
  uid: string
  workload: string
}

/** Versions of all objects that `where` takes, in the order in which they were told. */
export async function listChanges(reader: Reader, where: Where, limit: number, offset: number) {
  const rows = await reader.query<FoundChange>(
    `SELECT cluster, api_group AS group, kind, namespace, name, uid, workload, ${versionColumns} FROM objects
     WHERE ${where.sql} AND event IN ('added', 'modified', 'deleted') ORDER BY ts, cluster, batch, row LIMIT ${limit} OFFSET ${offset}`,
    where.params,
  )
  return rows.map(({ cluster, group, kind, namespace, name, uid, workload, ...version }) => ({
    ...{ cluster, group, kind, namespace, name, uid, workload },
    ...versionOf(version),
  }))
}
