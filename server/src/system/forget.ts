import { setTimeout as sleep } from 'node:timers/promises'
import type { Ingest } from '../ingest/index.ts'
import type { RecordStore } from '../platform/record/index.ts'

/** Tables whose rows name where they come from; the ledger of batches last, so that an interrupted removal can be repeated. */
const tables = ['accesses', 'proxy_counters', 'gaps', 'batches'] as const

/** Batches that were on their way when the controllers were revoked are waited for this long, in ms. */
const settleMs = 15_000

/**
 * Removes everything the demo bank has written for an organization, and the ledger of it: nothing else is touched. Its
 * controllers must be revoked already; what was on its way is waited for. Returns the accesses removed. May be repeated.
 */
export async function forgetDemo(record: RecordStore, ingest: Pick<Ingest, 'status'>, org: string): Promise<number> {
  const until = Date.now() + settleMs
  while (ingest.status().inFlightBytes > 0 && Date.now() < until) await sleep(100)
  let removed = 0
  for (let left = await countOf(record, org), round = 0; round === 0 || (left > 0 && round < 3); round++) {
    removed += left
    for (const table of tables) await remove(record, table, org)
    left = await countOf(record, org)
  }
  return removed
}

async function countOf(record: RecordStore, org: string): Promise<number> {
  const [row] = await record.query<{ count: number }>("SELECT count() AS count FROM accesses WHERE org = {org:String} AND origin = 'demo'", { org })
  return row?.count ?? 0
}

async function remove(record: RecordStore, table: string, org: string): Promise<void> {
  const name = record.cluster.replaceAll("'", '')
  const target = name ? `${table}_local ON CLUSTER '${name}'` : table
  await record.command(`ALTER TABLE ${target} DELETE WHERE org = {org:String} AND origin = 'demo'`, { org }, { settings: { mutations_sync: 2 } })
}
