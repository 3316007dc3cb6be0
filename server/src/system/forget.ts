import type { RecordStore } from '../platform/record/index.ts'

/** Tables whose rows name where they come from; the ledger of batches last, so that an interrupted removal can be repeated. */
const tables = ['accesses', 'proxy_counters', 'gaps', 'batches'] as const

/**
 * Removes everything the demo bank has written for an organization, and the ledger of it: nothing else is touched.
 * Returns the number of accesses removed. May be repeated.
 */
export async function forgetDemo(record: RecordStore, org: string): Promise<number> {
  const [row] = await record.query<{ count: number }>("SELECT count() AS count FROM accesses WHERE org = {org:String} AND origin = 'demo'", { org })
  const name = record.cluster.replaceAll("'", '')
  for (const table of tables) {
    const target = name ? `${table}_local ON CLUSTER '${name}'` : table
    await record.command(`ALTER TABLE ${target} DELETE WHERE org = {org:String} AND origin = 'demo'`, { org }, { settings: { mutations_sync: 2 } })
  }
  return row?.count ?? 0
}
