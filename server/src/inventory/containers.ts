import type { ContainerLifeRow, ContainerTransitionRow } from '@panoptes/contract'
import type { z } from 'zod'
import { isoOf, type Members, maybeIso, micros, type Reader, Where } from './reader.ts'
import { rowsOf, type View } from './view.ts'

export type LifeRow = z.input<typeof ContainerLifeRow>
export type TransitionRow = z.input<typeof ContainerTransitionRow>

export interface LifeFilter {
  cluster?: string | undefined
  namespace?: string | undefined
  members?: Members | undefined
  workload?: string | undefined
  pod?: string | undefined
  podUid?: string | undefined
  node?: string | undefined
  image?: string | undefined
  text?: string | undefined
  state?: 'waiting' | 'running' | 'terminated' | undefined
}

/** A row about a life tells all that is known of it by then: the newest decides. */
const newest = (column: string) => `argMax(containers.${column}, (resource_version, ts))`
const texts = [
  'namespace',
  'workload_kind',
  'workload',
  'pod',
  'kind',
  'state',
  'reason',
  'evidence',
  'image',
  'node',
  'sa',
  'spiffe',
  'how',
  'spec_hash',
  'event',
]
const lifeColumns = [
  'cluster',
  'pod_uid',
  'container',
  'container_id',
  ...texts.map((name) => `${newest(name)} AS ${name}_`),
  'max(containers.image_digest) AS digest',
  ...['ordinal', 'exit_code', 'signal'].map((name) => `${newest(name)} AS ${name}_`),
  'max(containers.resource_version) AS version',
  `${micros('max(started)')} AS started_`,
  `${micros('max(finished)')} AS finished_`,
  `${micros('min(ts)')} AS first`,
].join(', ')
/** When a life began, as far as it is known. */
const begin = 'if(started_ > 0, started_, first)'
const lives = "event IN ('started', 'ended', 'known')"

interface Found {
  cluster: string
  pod_uid: string
  container: string
  container_id: string
  digest: string
  version: number
  started_: number
  finished_: number
  first: number
  [column: string]: unknown
}

export interface LifeSlice {
  sort: 'name' | 'started' | 'finished'
  order: 'asc' | 'desc'
  limit: number
  offset: number
}
const sorts = { name: 'namespace_, workload_, pod_, container, started_', started: 'started_', finished: 'finished_' } as const

/** The statement for the lives that overlap [from, to] (µs); the view is that of `from`, its rows are read up to a day after `to`. */
export function livesSql(view: View, from: number, to: number, filter: LifeFilter, where: Where): string {
  where.add(rowsOf({ ...view, atUs: to }, where, false)).add(lives)
  where.equal('cluster', 'String', filter.cluster).equal('namespace', 'String', filter.namespace).equal('workload', 'String', filter.workload)
  where.equal('pod', 'String', filter.pod).equal('pod_uid', 'UUID', filter.podUid).equal('node', 'String', filter.node)
  where.inside(filter.members)
  if (filter.image?.startsWith('sha256:')) where.equal('image_digest', 'String', filter.image)
  else where.contains('image', filter.image)
  if (filter.text) {
    const text = where.value('String', filter.text)
    where.add(
      `(positionCaseInsensitiveUTF8(pod, ${text}) > 0 OR positionCaseInsensitiveUTF8(container, ${text}) > 0 OR positionCaseInsensitiveUTF8(image, ${text}) > 0)`,
    )
  }
  const having = [`${begin} <= ${where.value('Int64', Math.round(to))}`, `(state_ = 'running' OR finished_ > ${where.value('Int64', Math.round(from))})`]
  // At one moment each of them ran; in a window it matters how each of them is now.
  if (filter.state && from !== to) having.push(`state_ = ${where.value('String', filter.state)}`)
  return `SELECT ${lifeColumns} FROM containers WHERE ${where.sql} GROUP BY cluster, pod_uid, container, container_id HAVING ${having.join(' AND ')}`
}

/** Lives that overlap an interval, a page of them, and how many there are. */
export async function listLives(
  reader: Reader,
  view: View,
  from: number,
  to: number,
  filter: LifeFilter,
  slice: LifeSlice,
): Promise<{ containers: LifeRow[]; total: number }> {
  const where = new Where()
  const by = sorts[slice.sort].split(', ').map((column) => `${column} ${slice.order}`)
  const sql = `SELECT *, count() OVER () AS total FROM (${livesSql(view, from, to, filter, where)}) ORDER BY ${by.join(', ')}, cluster, container_id LIMIT ${slice.limit} OFFSET ${slice.offset}`
  const rows = await reader.query<Found & { total: number }>(sql, where.params)
  // A container that ended after the moment was running then.
  const then =
    from === to ? (life: LifeRow): LifeRow => (life.finishedAt && Date.parse(life.finishedAt) * 1000 > to ? runningOf(life) : life) : (life: LifeRow) => life
  return { containers: rows.map(lifeOf).map(then), total: Number(rows[0]?.total ?? slice.offset) }
}

const runningOf = (life: LifeRow): LifeRow => ({ ...life, state: 'running', reason: '', exitCode: null, signal: null, evidence: '', finishedAt: null })

function lifeOf(row: Found): LifeRow {
  const of = (name: string) => String(row[`${name}_`])
  const ended = of('event') === 'ended'
  const told = ended && of('evidence') === 'told'
  return {
    ...{ cluster: row.cluster, namespace: of('namespace'), workloadKind: of('workload_kind'), workload: of('workload') },
    ...{ pod: of('pod'), podUid: row.pod_uid, container: row.container, kind: of('kind'), containerId: row.container_id, ordinal: Number(row.ordinal_) },
    ...{ state: ended ? 'terminated' : 'running', reason: of('reason'), evidence: of('evidence') },
    ...{ exitCode: told ? Number(row.exit_code_) : null, signal: told && Number(row.signal_) > 0 ? Number(row.signal_) : null },
    ...{ startedAt: maybeIso(row.started_), finishedAt: ended ? maybeIso(row.finished_) : null },
    ...{ image: of('image'), imageDigest: row.digest, node: of('node'), serviceAccount: of('sa'), spiffe: of('spiffe'), how: of('how') },
    ...{ specHash: of('spec_hash'), resourceVersion: Number(row.version) },
  }
}

/** All lives of one pod, oldest first. */
export async function livesOfPod(reader: Reader, uid: string): Promise<LifeRow[]> {
  const where = new Where().equal('pod_uid', 'UUID', uid).add(lives)
  const rows = await reader.query<Found>(
    `SELECT ${lifeColumns} FROM containers WHERE ${where.sql} GROUP BY cluster, pod_uid, container, container_id ORDER BY ${begin}, ordinal_, container`,
    where.params,
  )
  return rows.map(lifeOf)
}

interface FoundTransition {
  at: number
  event: TransitionRow['event']
  how: string
  pod_uid: string
  container: string
  container_id: string
  ordinal: number
  unseen: number
  reason: string
  exit_code: number
  evidence: string
  started_: number
  finished_: number
  image_digest: string
  version: number
  cluster: string
  namespace: string
  pod: string
  workload: string
  node: string
}

/** What happened to containers, in the order in which it was told; `where` says to which and when. */
export async function listTransitions(reader: Reader, where: Where, limit: number, offset: number) {
  const rows = await reader.query<FoundTransition>(
    `SELECT ${micros('ts')} AS at, event, how, pod_uid, container, container_id, ordinal, unseen, reason, exit_code, evidence, ${micros('started')} AS started_,
     ${micros('finished')} AS finished_, image_digest, resource_version AS version, cluster, namespace, pod, workload, node
     FROM containers WHERE ${where.sql} AND event != 'known' ORDER BY ts, cluster, batch, row LIMIT ${limit} OFFSET ${offset}`,
    where.params,
  )
  return rows.map((row) => ({
    ...{ at: isoOf(row.at), event: row.event, how: row.how, podUid: row.pod_uid, container: row.container, containerId: row.container_id },
    ...{ ordinal: Number(row.ordinal), unseen: Number(row.unseen), reason: row.reason, evidence: row.evidence },
    exitCode: row.event === 'ended' && row.evidence === 'told' ? Number(row.exit_code) : null,
    ...{ startedAt: maybeIso(row.started_), finishedAt: maybeIso(row.finished_), imageDigest: row.image_digest, resourceVersion: Number(row.version) },
    ...{ cluster: row.cluster, namespace: row.namespace, pod: row.pod, workload: row.workload, node: row.node },
  }))
}
