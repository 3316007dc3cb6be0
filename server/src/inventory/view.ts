import { type ClusterAtMoment, PanoptesError } from '@panoptes/contract'
import type { z } from 'zod'
import { isoOf, maybeIso, micros, moment, type Reader, Where } from './reader.ts'

/** What of one cluster answers a question about a moment. */
export interface ClusterView {
  cluster: string
  /** All changes up to this version had been told by the moment. */
  version: number
  /** When the newest of them was told, µs. */
  toldUs: number
  /** Rows before this moment are not needed: all objects have been told since. */
  fromUs: number
  /** Since when all kinds were known; 0 = not yet. */
  wholeUs: number
}

/** The state of clusters at a moment: a consistent cut, for a version orders all changes of a cluster, whichever watch told them. */
export interface View {
  atUs: number
  clusters: ClusterView[]
}

export interface Asked {
  atUs: number
  resourceVersion?: number | undefined
  cluster?: string | undefined
  /** Kinds that are asked for; absent = all. */
  kinds?: readonly string[] | undefined
}

const dayUs = 86_400_000_000
/** News may come late by this much and still be asked for; what comes later belongs to a gap. */
export const lateUs = dayUs
/** Without a whole telling, so far back is looked. */
const farUs = 400 * dayUs

/**
 * Finds out which rows tell the state of each cluster at a moment. The controller tells all objects anew each day, so that this needs no more than
 * the rows since the last whole telling.
 * @throws PanoptesError PAN0003 where a version is asked for without a cluster, PAN0007 where that version is not known
 */
export async function viewAt(reader: Reader, { atUs, resourceVersion, cluster, kinds }: Asked): Promise<View> {
  const at = resourceVersion === undefined ? atUs : await momentOf(reader, cluster, resourceVersion)
  const tellings = await wholeTellings(reader, at, cluster, kinds)
  const began = new Map<string, number>()
  for (const { cluster: name, began: us } of tellings) began.set(name, Math.min(began.get(name) ?? us, us))
  const where = new Where().equal('cluster', 'String', cluster)
  const oldest = Math.min(at - dayUs, ...began.values())
  const rows = await reader.query<{ cluster: string; version: number; told: number }>(
    `SELECT cluster, max(resource_version) AS version, ${micros('max(ts)')} AS told FROM objects
     WHERE ${where.sql} AND ts >= ${moment(oldest)} AND ts <= ${moment(at)} GROUP BY cluster ORDER BY cluster`,
    where.params,
  )
  const clusters = rows.map(({ cluster: name, version, told }) => ({
    ...{ cluster: name, version: resourceVersion ?? Number(version), toldUs: Number(told) },
    ...{ fromUs: began.get(name) ?? at - farUs, wholeUs: began.get(name) ?? 0 },
  }))
  return { atUs: at, clusters }
}

interface Telling {
  cluster: string
  began: number
}

/** The newest whole telling of each kind before a moment. */
async function wholeTellings(reader: Reader, at: number, cluster: string | undefined, kinds: readonly string[] | undefined): Promise<Telling[]> {
  const where = new Where().equal('cluster', 'String', cluster)
  if (kinds) where.add(`kind IN ${where.value('Array(String)', kinds)}`)
  // Mostly it was today or yesterday.
  for (const back of [2 * dayUs, farUs]) {
    const rows = await reader.query<Telling>(
      `SELECT cluster, ${micros('max(created)')} AS began FROM objects
       WHERE ${where.sql} AND event = 'synced' AND ts >= ${moment(at - back)} AND ts <= ${moment(at)} GROUP BY cluster, api_group, kind`,
      where.params,
    )
    if (rows.length > 0) return rows.map(({ cluster: name, began }) => ({ cluster: name, began: Number(began) }))
  }
  return []
}

/** When a version of a cluster was told first. */
async function momentOf(reader: Reader, cluster: string | undefined, version: number): Promise<number> {
  if (!cluster) throw new PanoptesError('PAN0003', 'resourceVersion: a version is one of a cluster; name it with cluster', { field: 'cluster' })
  const where = new Where().equal('cluster', 'String', cluster)
  const [found] = await reader.query<{ us: number }>(
    `SELECT ${micros('min(ts)')} AS us FROM objects WHERE ${where.sql} AND resource_version >= ${where.value('UInt64', version)} AND event != 'known'`,
    where.params,
  )
  if (!found || Number(found.us) === 0) throw new PanoptesError('PAN0007', `cluster ${cluster} has not come to version ${version} yet, or it is no longer kept`)
  return Number(found.us)
}

/** The rows of `objects` (or of another stream, by time alone) that a view is made of, as a condition. */
export function rowsOf({ atUs, clusters }: View, where: Where, byVersion = true): string {
  if (clusters.length === 0) return '0'
  return `(${clusters
    .map(({ cluster, version, fromUs }) => {
      const known = byVersion ? ` AND resource_version <= ${where.value('UInt64', version)}` : ''
      return `(cluster = ${where.value('String', cluster)} AND ts >= ${moment(fromUs)} AND ts < ${moment(atUs + lateUs)}${known})`
    })
    .join(' OR ')})`
}

/** What an answer says about the clusters it was made from, with the holes around the moment. */
export async function describeView(reader: Reader, { atUs, clusters }: View): Promise<z.input<typeof ClusterAtMoment>[]> {
  const gaps = await gapsBetween(reader, atUs, atUs)
  return clusters.map(({ cluster, version, toldUs, wholeUs }) => ({
    ...{ cluster, resourceVersion: version, toldAt: isoOf(toldUs), wholeSince: maybeIso(wholeUs) },
    gaps: gaps.filter((gap) => gap.cluster === cluster).map(({ cluster: _, ...gap }) => gap),
  }))
}

interface Gap {
  cluster: string
  from: string
  to: string
  kind: string
  detail: string
}

/** Holes in what was seen of Kubernetes that overlap an interval. */
export async function gapsBetween(reader: Reader, fromUs: number, toUs: number): Promise<Gap[]> {
  const rows = await reader.query<{ cluster: string; fromUs: number; toUs: number; kind: string; detail: string }>(
    `SELECT cluster, ${micros('ts')} AS fromUs, ${micros('until')} AS toUs, proxy AS kind, detail FROM gaps
     WHERE stream IN ('objects', 'containers', 'ip_leases') AND ts <= ${moment(toUs)} AND ts >= ${moment(fromUs - 30 * dayUs)} AND until >= ${moment(fromUs)}
     ORDER BY ts LIMIT 1000`,
  )
  return rows.map(({ cluster, fromUs: from, toUs: to, kind, detail }) => ({ cluster, from: isoOf(from), to: isoOf(to), kind, detail }))
}
