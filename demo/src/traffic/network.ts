import { type Cluster, noisyNode, type Pod } from '../bank/index.ts'
import type { Random } from '../random.ts'
import type { Socket } from './logged.ts'

/** Time on the way between two pods, in µs: same node, same zone, same region; everything near the noisy node waits. */
export function wayUs(random: Random, a: Pod, b: Pod): number {
  if (a.cluster !== b.cluster) return Math.round(random.around(44_000, 0.08))
  const calm = a.node === b.node ? 60 : a.node.zone === b.node.zone ? 220 : 700
  const noise = a.node.name === noisyNode || b.node.name === noisyNode ? random.around(2_500, 0.9) : 0
  return Math.round(random.around(calm, 0.3) + noise)
}

/**
 * Local port of a pooled connection from one address to another: proxies keep connections open, so the same port serves
 * for ten minutes.
 */
export function pooledPort(from: string, to: string, atUs: number): number {
  let h = Math.floor(atUs / 600_000_000) | 0
  for (let i = 0; i < from.length; i++) h = Math.imul(h ^ from.charCodeAt(i), 0x01000193)
  for (let i = 0; i < to.length; i++) h = Math.imul(h ^ to.charCodeAt(i), 0x85ebca6b)
  return 32_768 + (((h ^ (h >>> 13)) >>> 0) % 28_000)
}

export const socket = (ip: string, port: number): Socket => ({ ip, port })

/** Address behind which the pods of a cluster reach the outside. */
export const natIp: Readonly<Record<Cluster, string>> = { 'bank-eu': '192.0.2.110', 'bank-us': '192.0.2.120' }

/** Splits a duration into Envoy's phases: last in, first and last up, first and last from up, first and last down. */
export function phasesOf(random: Random, durationUs: number, upstream: boolean): number[] {
  const near = Math.min(durationUs, random.whole(20, 90))
  const tail = Math.min(durationUs, random.whole(15, 60))
  const answer = Math.max(near, durationUs - tail - random.whole(0, Math.floor(durationUs / 20)))
  const done = Math.max(answer, durationUs - tail)
  if (!upstream) return [near, 0, 0, 0, 0, done, durationUs]
  const up = Math.min(answer, near + random.whole(60, 190))
  return [near, up, Math.min(answer, up + random.whole(1, 20)), answer, done, Math.min(durationUs, answer + 8), durationUs]
}
