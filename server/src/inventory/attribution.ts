import { type AddressLease, type AttributedEnd, attribute } from '@panoptes/contract'
import type { z } from 'zod'
import { micros, moment, type Reader, Where } from './reader.ts'
import { rowsOf, type View } from './view.ts'

interface Lease extends AddressLease {
  pod: string
}
type End = z.input<typeof AttributedEnd>

interface Found {
  id: string
  at: number
  cluster: string
  [column: string]: unknown
}

const ends = ['src', 'dst'] as const
const endColumns = ends
  .flatMap((side) => [
    `replaceRegexpOne(toString(${side}_ip), '^::ffff:', '') AS ${side}Ip`,
    ...['port', 'spiffe', 'by', 'namespace', 'pod', 'container'].map((name) => `${side}_${name} AS ${side}_${name}_`),
    `toString(${side}_pod_uid) AS ${side}_uid_`,
  ])
  .join(', ')

export interface AttributionRequest {
  fromUs: number
  toUs: number
  cluster?: string | undefined
  limit: number
  offset: number
}

/** Whose the addresses of accesses were, from their raw columns and the leases of then: by the function that the controller uses. */
export async function attributeAgain(reader: Reader, view: View, { fromUs, toUs, cluster, limit, offset }: AttributionRequest) {
  const where = new Where()
    .add(`ts >= ${moment(fromUs)}`)
    .add(`ts < ${moment(toUs)}`)
    .equal('cluster', 'String', cluster)
  const rows = await reader.query<Found>(
    `SELECT concat(controller, '~', toString(epoch), '~', toString(batch), '~', toString(row)) AS id, ${micros('ts')} AS at, cluster, ${endColumns}
     FROM accesses WHERE ${where.sql} ORDER BY ts, controller, epoch, batch, row LIMIT ${limit} OFFSET ${offset}`,
    where.params,
  )
  const leases = await leasesOf(reader, view, toUs, [...new Set(rows.flatMap((row) => ends.map((side) => String(row[`${side}Ip`]))))])
  return rows.map((row) => ({ id: row.id, src: endOf(row, 'src', leases), dst: endOf(row, 'dst', leases) }))
}

/** Leases by cluster and address. */
async function leasesOf(reader: Reader, view: View, toUs: number, ips: readonly string[]): Promise<Map<string, Lease[]>> {
  const where = new Where()
  where.add(rowsOf({ ...view, atUs: toUs }, where, false)).add(`ip IN (SELECT toIPv6(arrayJoin(${where.value('Array(String)', ips)})))`)
  const rows = await reader.query<Lease & { cluster: string; address: string; host: number; fromMs: number; toMs: number }>(
    `SELECT cluster, replaceRegexpOne(toString(ip), '^::ffff:', '') AS address, toString(pod_uid) AS podUid, any(ip_leases.namespace) AS namespace, any(ip_leases.pod) AS pod,
     any(ip_leases.sa) AS sa, max(host_network) AS host, argMax(ip_leases.ports, ts) AS ports, toUnixTimestamp64Milli(since) AS fromMs, toUnixTimestamp64Milli(max(until)) AS toMs
     FROM ip_leases WHERE ${where.sql} GROUP BY cluster, ip, pod_uid, since`,
    where.params,
  )
  const leases = new Map<string, Lease[]>()
  for (const { cluster, address, host, fromMs, toMs, ...lease } of rows) {
    const key = `${cluster} ${address}`
    const own = leases.get(key) ?? []
    own.push({ ...lease, hostNetwork: Number(host) === 1, from: Number(fromMs), ...(Number(toMs) > 0 ? { to: Number(toMs) } : {}) })
    leases.set(key, own)
  }
  return leases
}

function endOf(row: Found, side: (typeof ends)[number], leases: ReadonlyMap<string, Lease[]>): End {
  const of = (name: string) => String(row[`${side}_${name}_`])
  const [ip, port] = [String(row[`${side}Ip`]), Number(row[`${side}_port_`])]
  const recorded = { by: of('by'), namespace: of('namespace'), pod: of('pod'), podUid: uidOf(of('uid')), container: of('container') }
  const found = attribute(leases.get(`${row.cluster} ${ip}`) ?? [], { at: Number(row.at) / 1000, port: side === 'dst' ? port : 0, spiffe: of('spiffe') })
  // What a proxy says of its own pod stands; where nobody is known to have had the address, so does whatever else was found.
  if (!found || (recorded.by === 'node' && recorded.pod !== '')) return { ip, port, recorded, computed: recorded }
  if (found.by === 'ambiguous') return { ip, port, recorded, computed: { ...recorded, by: 'ambiguous', pod: '', podUid: '', container: '' } }
  const { lease, container } = found
  return { ip, port, recorded, computed: { by: 'kubernetes', namespace: lease.namespace, pod: lease.pod, podUid: lease.podUid, container } }
}

const uidOf = (uid: string) => (/^[0-]+$/.test(uid) ? '' : uid)
