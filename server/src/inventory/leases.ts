import type { IpLeaseRow } from '@panoptes/contract'
import type { z } from 'zod'
import { isoOf, maybeIso, micros, type Reader, type Where } from './reader.ts'

interface Found {
  address: string
  cluster: string
  namespace_: string
  pod_: string
  pod_uid: string
  node_: string
  workload_: string
  host: number
  since_: number
  until_: number
}

/** Leases of an address (or of a pod) that overlap [from, to] (µs), oldest first. */
export async function listLeases(reader: Reader, where: Where, from: number, to: number): Promise<z.input<typeof IpLeaseRow>[]> {
  const rows = await reader.query<Found>(
    `SELECT replaceRegexpOne(toString(any(ip_leases.ip)), '^::ffff:', '') AS address, cluster, any(ip_leases.namespace) AS namespace_, any(ip_leases.pod) AS pod_, pod_uid,
     any(ip_leases.node) AS node_, any(ip_leases.workload) AS workload_, max(host_network) AS host, ${micros('min(since)')} AS since_, ${micros('max(until)')} AS until_
     FROM ip_leases WHERE ${where.sql} GROUP BY cluster, pod_uid, ip_leases.ip, since
     HAVING since_ <= ${where.value('Int64', Math.round(to))} AND (until_ = 0 OR until_ >= ${where.value('Int64', Math.round(from))}) ORDER BY since_, cluster LIMIT 10000`,
    where.params,
  )
  return rows.map((row) => ({
    ...{ ip: row.address, cluster: row.cluster, namespace: row.namespace_, pod: row.pod_, podUid: row.pod_uid, node: row.node_, workload: row.workload_ },
    ...{ hostNetwork: Number(row.host) === 1, from: isoOf(row.since_), to: maybeIso(row.until_) },
  }))
}
