import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, noKube, startCluster, startTimeoutMs } from '../../scripts/kube/cluster.ts'
import { Leader } from './cluster/index.ts'
import { kubeClient, parseKubeconfig } from './watch/index.ts'

const absent = noKube()
if (absent) console.warn(`SKIPPED: leaders on a real API server: ${absent}`)

/** Protects: at no moment do two replicas lead, and one always does again. */
describe.skipIf(absent !== undefined)('leaders on a real API server', () => {
  let cluster: Cluster
  const said: string[] = []
  const lease = '/apis/coordination.k8s.io/v1/namespaces/default/leases'
  beforeAll(async () => {
    cluster = await startCluster()
    await cluster.must('POST', lease, { metadata: { name: 'watcher' } })
  }, startTimeoutMs)
  afterAll(() => cluster?.stop())

  function leader(identity: string): Leader {
    const client = kubeClient(parseKubeconfig(readFileSync(cluster.kubeconfig, 'utf8')))
    const gained = () => said.push(`${identity} leads`)
    const lost = (why: string) => said.push(`${identity} lost: ${why}`)
    return new Leader({ client, lease: 'default/watcher', identity, gained, lost, log: pino({ level: 'silent' }) })
  }
  async function until(what: () => boolean): Promise<void> {
    for (let i = 0; i < 400 && !what(); i++) await sleep(100)
    expect(what(), said.join(', ')).toBe(true)
  }

  it('is one of three; when it goes another follows at once, and a stolen lease is noticed', async () => {
    const all = ['a', 'b', 'c'].map(leader)
    for (const one of all) one.start()
    await until(() => all.some((one) => one.leads))
    await sleep(3_000)
    expect(all.filter((one) => one.leads)).toHaveLength(1)
    await all.find((one) => one.leads)!.stop()
    await until(() => all.some((one) => one.leads))
    const second = all.find((one) => one.leads)!
    await cluster.must('PATCH', `${lease}/watcher`, { spec: { holderIdentity: 'stranger', leaseDurationSeconds: 3600 } })
    await until(() => !second.leads)
    expect(said.filter((line) => line.includes('another replica holds the lease'))).toHaveLength(1)
    expect(said.filter((line) => line.endsWith(' leads'))).toHaveLength(2)
    await Promise.all(all.map((one) => one.stop()))
  }, 120_000)
})
