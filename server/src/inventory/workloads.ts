import type { WorkloadRow } from '@panoptes/contract'
import type { z } from 'zod'
import { stateSql } from './objects.ts'
import { type Members, maybeIso, type Reader, Where } from './reader.ts'
import type { View } from './view.ts'

/** Kinds that may be a workload by themselves; whatever else owns pods is one too. */
export const workloadKinds = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
  'Rollout',
  'Service',
  'WorkloadEntry',
  'Pod',
]

interface Found {
  cluster: string
  namespace: string
  kind: string
  name: string
  uid: string
  replicas: number
  pods: number
  running: number
  restarts: number
  images: string[]
  nodes: number
  created: number
  total: number
}

export interface WorkloadSlice {
  namespace?: string | undefined
  members?: Members | undefined
  text?: string | undefined
  kind?: string | undefined
  sort: 'name' | 'pods' | 'restarts' | 'created'
  order: 'asc' | 'desc'
  limit: number
  offset: number
}
const sorts = { name: 'namespace, name', pods: 'pods', restarts: 'restarts', created: 'created' } as const
const none = '00000000-0000-0000-0000-000000000000'

/** The statement for the workloads of a view with their pods rolled up. */
function workloadsSql(view: View, filter: Pick<WorkloadSlice, 'namespace' | 'members'>, where: Where): string {
  // The core's Services own nothing and are owned by nobody: only Knative's are workloads.
  return `SELECT cluster, namespace_ AS namespace, workload_kind_ AS kind, workload_ AS name,
      toString(maxIf(uid, kind_ = workload_kind_ AND name_ = workload_)) AS uid,
      maxIf(if(JSONHas(summary_, 'replicas'), JSONExtractInt(summary_, 'replicas'), -1), kind_ = workload_kind_ AND name_ = workload_ AND kind_ != 'Pod') AS replicas,
      countIf(kind_ = 'Pod') AS pods, countIf(kind_ = 'Pod' AND JSONExtractString(summary_, 'phase') = 'Running') AS running,
      sumIf(JSONExtractInt(summary_, 'restarts'), kind_ = 'Pod') AS restarts,
      arraySort(groupUniqArrayArray(JSONExtract(summary_, 'images', 'Array(String)'))) AS images,
      uniqExactIf(JSONExtractString(summary_, 'node'), kind_ = 'Pod' AND JSONExtractString(summary_, 'node') != '') AS nodes,
      minIf(created_, kind_ = workload_kind_ AND name_ = workload_) AS created
    FROM (${stateSql(view, { kinds: workloadKinds, ...filter }, where)}) WHERE NOT (kind_ = 'Service' AND api_group_ = '')
    GROUP BY cluster, namespace, kind, name`
}

/** Workloads of a view with their pods rolled up. A workload is what stands at the top of a chain of owners; a pod that nobody owns is one. */
export async function listWorkloads(reader: Reader, view: View, slice: WorkloadSlice): Promise<{ workloads: z.input<typeof WorkloadRow>[]; total: number }> {
  const where = new Where()
  const all = workloadsSql(view, { namespace: slice.namespace, members: slice.members }, where)
  const outer = new Where()
  outer.contains('name', slice.text).equal('kind', 'String', slice.kind)
  const params = { ...where.params, ...Object.fromEntries(Object.entries(outer.params).map(([name, value]) => [`o${name}`, value])) }
  const by = sorts[slice.sort].split(', ').map((column) => `${column} ${slice.order}`)
  const rows = await reader.query<Found>(
    `SELECT *, count() OVER () AS total FROM (${all})
     WHERE ${outer.sql.replaceAll('{v', '{ov')} ORDER BY ${by.join(', ')}, cluster, kind LIMIT ${slice.limit} OFFSET ${slice.offset}`,
    params,
  )
  const workloads = rows.map(({ total: _, uid, replicas, created, ...row }) => ({
    ...row,
    uid: uid === none ? null : uid,
    replicas: uid === none || Number(replicas) < 0 || row.kind === 'Pod' ? null : Number(replicas),
    createdAt: maybeIso(created),
    ...{ pods: Number(row.pods), running: Number(row.running), restarts: Number(row.restarts), nodes: Number(row.nodes) },
  }))
  return { workloads, total: Number(rows[0]?.total ?? slice.offset) }
}

/** How many workloads each namespace of a view has, by `cluster/namespace`. */
export async function countWorkloads(reader: Reader, view: View): Promise<ReadonlyMap<string, number>> {
  const where = new Where()
  const rows = await reader.query<{ cluster: string; namespace: string; n: number }>(
    `SELECT cluster, namespace, count() AS n FROM (${workloadsSql(view, {}, where)}) GROUP BY cluster, namespace`,
    where.params,
  )
  return new Map(rows.map(({ cluster, namespace, n }) => [`${cluster}/${namespace}`, Number(n)]))
}
