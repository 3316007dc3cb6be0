import type { Api } from './api.ts'
import type { Controller } from './product.ts'
import { sleep } from './wait.ts'

/** Everything that a row's time can be: a start up to 400 days back or a day ahead is believed. */
export function allTime(): { from: string; to: string } {
  const day = 86_400_000
  return { from: new Date(Date.now() - 402 * day).toISOString(), to: new Date(Date.now() + 2 * day).toISOString() }
}

/** Rows that the record holds of one cluster, over all time. */
export async function countRows(api: Api, cluster: string): Promise<number> {
  const { facets } = await api.get<{ facets: { field: string; values: { value: string; count: number }[] }[] }>('/api/v1/accesses/facets', {
    query: `cluster="${cluster}"`,
    fields: 'cluster',
    ...allTime(),
  })
  return facets[0]?.values.reduce((sum, v) => sum + v.count, 0) ?? 0
}

/**
 * Waits until the record holds `rows` rows of a controller's cluster, or until its backlog is gone and nothing has come for
 * `quietS` seconds; answers the count. A slow machine only makes it longer.
 */
export async function settle(api: Api, controller: Pick<Controller, 'cluster' | 'waiting'>, rows: number, seconds = 600, quietS = 10): Promise<number> {
  const end = Date.now() + seconds * 1000
  let last = -1
  let changed = Date.now()
  for (;;) {
    const waiting = await controller.waiting()
    const now = await countRows(api, controller.cluster).catch(() => last)
    // Counters and gap reports go on, so a few batches always wait.
    if (now !== last || waiting > 4) changed = Date.now()
    last = now
    if (now >= rows || Date.now() > end || Date.now() - changed > quietS * 1000) return now
    await sleep(500)
  }
}

/** The completeness of one cluster once no interval of it is pending any more. */
export async function settledCompleteness(api: Api, cluster: string, from: string, seconds: number, stepS = 60) {
  const end = Date.now() + seconds * 1000
  // Proxies go on telling their counters: with an end that moves the newest interval would never settle.
  const to = new Date().toISOString()
  for (;;) {
    const answer = await api.completeness({ cluster, from, to, stepS })
    const pending = answer.sources.some((s) => s.total.state === 'pending')
    if ((!pending && answer.sources.length > 0) || Date.now() > end) return answer
    await sleep(1000)
  }
}
