import type { ImageRow, ImageRunRow } from '@panoptes/contract'
import type { z } from 'zod'
import { livesSql } from './containers.ts'
import { isoOf, type Members, maybeIso, micros, type Reader, Where } from './reader.ts'
import type { View } from './view.ts'

interface FoundImage {
  digest: string
  images: string[]
  containers: number
  pods: number
  workloads: number
  clusters: string[]
  first: number
  total: number
}

export interface ImageSlice {
  text?: string | undefined
  namespace?: string | undefined
  members?: Members | undefined
  sort: 'name' | 'containers' | 'started'
  order: 'asc' | 'desc'
  limit: number
  offset: number
}
const sorts = { name: 'images[1]', containers: 'containers', started: 'first' } as const

/** Images of the containers that ran at the view's moment, by the digest that really ran. */
export async function listImages(reader: Reader, view: View, slice: ImageSlice): Promise<{ images: z.input<typeof ImageRow>[]; total: number }> {
  const where = new Where()
  const lives = livesSql(view, view.atUs, view.atUs, { namespace: slice.namespace, members: slice.members, image: slice.text }, where)
  const rows = await reader.query<FoundImage>(
    `SELECT digest, arraySort(groupUniqArray(image_)) AS images, count() AS containers, uniqExact(pod_uid) AS pods,
     uniqExact(cluster, namespace_, workload_kind_, workload_) AS workloads, arraySort(groupUniqArray(cluster)) AS clusters, min(started_) AS first, count() OVER () AS total
     FROM (${lives}) GROUP BY digest, if(digest = '', image_, '') ORDER BY ${sorts[slice.sort]} ${slice.order}, images LIMIT ${slice.limit} OFFSET ${slice.offset}`,
    where.params,
  )
  const images = rows.map(({ first, total: _, ...row }) => ({
    ...row,
    ...{ containers: Number(row.containers), pods: Number(row.pods), workloads: Number(row.workloads), firstStartedAt: maybeIso(first) },
  }))
  return { images, total: Number(rows[0]?.total ?? slice.offset) }
}

interface FoundRun {
  cluster: string
  namespace: string
  workloadKind: string
  workload: string
  container: string
  image: string
  nodes: string[]
  lives: number
  running: number
  first: number
  last: number
}

/** Where an image has ever run: an index finds its rows, however old they are. */
export async function imageRuns(reader: Reader, digest: string): Promise<z.input<typeof ImageRunRow>[]> {
  const where = new Where().equal('image_digest', 'String', digest)
  const rows = await reader.query<FoundRun>(
    `SELECT cluster, namespace, workload_kind AS workloadKind, workload, container, image, arraySort(groupUniqArray(node)) AS nodes, uniqExact(pod_uid, container_id) AS lives,
     uniqExactIf((pod_uid, container_id), event IN ('started', 'known')) - uniqExactIf((pod_uid, container_id), event = 'ended') AS running,
     ${micros("minIf(started, started > toDateTime64(0, 6, 'UTC'))")} AS first, ${micros('max(ts)')} AS last
     FROM containers WHERE ${where.sql} AND event IN ('started', 'ended', 'known')
     GROUP BY cluster, namespace, workload_kind, workload, container, image ORDER BY cluster, namespace, workload, container, image LIMIT 10000`,
    where.params,
  )
  return rows.map(({ first, last, lives, running, ...row }) => ({
    ...row,
    ...{ lives: Number(lives), running: Math.max(0, Number(running)), firstStartedAt: maybeIso(first), lastSeenAt: isoOf(last) },
  }))
}
