import { errorSql } from './definitions.ts'
import { bucketSql } from './histogram.ts'
import type { By } from './topology-model.ts'

const place = [
  'srcCluster',
  'srcNamespace',
  'srcName',
  'srcVersion',
  'srcBare',
  'dstCluster',
  'dstNamespace',
  'dstName',
  'dstVersion',
  'dstBare',
  'external',
  'srcKnown',
]
/** What entries are grouped by, as columns. */
export const keys = [...place, 'reporter', 'protocol', 'origin'].join(', ')

/** What is summed: written exactly as the record keeps it per minute. */
export const measures = `count() AS entries, countIf(${errorSql}) AS failures, countIf(decision = 'denied') AS denials,
  sum(req_body_bytes) AS sent, sum(resp_body_bytes) AS got, countIf(mtls = 1) AS secured`
export const durations = `sumMap([${bucketSql('duration_us')}], [toUInt64(1)]) AS spread`

/** How one end is named where its workload is known. */
export function known(side: 'src' | 'dst', by: By): string[] {
  const none = `''`
  return [
    `${side}_cluster AS ${side}Cluster`,
    `${by === 'cluster' ? none : `${side}_namespace`} AS ${side}Namespace`,
    `${by === 'workload' || by === 'version' ? `${side}_workload` : by === 'service' ? `if(${side}_service != '', ${side}_service, ${side}_workload)` : none} AS ${side}Name`,
    `${by === 'version' ? `${side}_version` : none} AS ${side}Version`,
    `0 AS ${side}Bare`,
  ]
}

/** How one end is named otherwise: by its service or account in a namespace. Columns in the same order. */
export function anyEnd(side: 'src' | 'dst', by: By): string[] {
  const [cluster, namespace, name, version] = known(side, by)
  const bare = `if(${side}_service != '', ${side}_service, ${side}_sa)`
  const named = by === 'workload' || by === 'version' ? `if(${side}_workload != '', ${side}_workload, ${bare}) AS ${side}Name` : name!
  return [cluster!, namespace!, named, version!, `${side}_workload = '' AS ${side}Bare`]
}

const outside = `if(dst_workload = '' AND dst_namespace = '', multiIf(dst_service != '', dst_service, host != '', host, sni != '', sni, toString(dst_ip)), '')`

/** What is summed, by the names that the map knows it by. */
export const sums = [
  ['count', 'count()'],
  ['errors', `countIf(${errorSql})`],
  ['denied', `countIf(decision = 'denied')`],
  ['reqBytes', 'sum(req_body_bytes)'],
  ['respBytes', 'sum(resp_body_bytes)'],
  ['mtls', 'countIf(mtls = 1)'],
] as const

/** Both ends of any entry. */
export const ends = (by: By): string[] => [
  ...anyEnd('src', by),
  ...anyEnd('dst', by),
  `${outside} AS external`,
  `src_workload != '' OR src_namespace != '' AS srcKnown`,
]
