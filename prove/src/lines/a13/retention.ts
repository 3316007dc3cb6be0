import { alsEntries, alsIdentifier, entryEncoder } from '../../lab/als-messages.ts'
import type { Row } from '../../lab/api.ts'
import { openGrpcStream } from '../../lab/grpc-stream.ts'
import { type Product, startController } from '../../lab/product.ts'
import { settle } from '../../lab/settle.ts'
import { sleep, until } from '../../lab/wait.ts'
import { mustGoRed } from '../../must-go-red.ts'
import type { Run } from '../../proof.ts'

const cluster = 'history'
const day = 86_400_000
const ages = [0, 3, 10, 20, 45, 60, 90]
const keepDays = 30
const keepBytes = 10_000_000

/** Rows of several days; the retention by age, then by size, must remove the old days whole and nothing else. */
export async function proveRetention(run: Run, server: Product): Promise<void> {
  const controller = await startController(run, server, { name: cluster })
  const { api } = server
  const sent = await sendHistory(run, controller.als, run.scaled(60_000, 300_000))
  await settle(api, controller, sent.size)
  const rows = () => api.rows({ query: `cluster="${cluster}"`, from: '-399d', to: 'now', fields: 'ts,request.id' })
  run.figure('retention: rows of history', (await rows()).length)
  await api.patch('/api/v1/settings', { retention: { days: keepDays, bytes: null } })
  await apply(server)
  const young = [...sent].filter(([, at]) => at >= Date.now() - (keepDays + 1) * day).map(([id]) => id)
  await holds(run, 'retention by age: what is younger than 30 days, and nothing else', await rows(), new Set(young))
  const days = ages.filter((age) => age <= keepDays).length
  await api.patch('/api/v1/settings', { retention: { days: null, bytes: keepBytes } })
  await apply(server)
  const left = await rows()
  const keptDays = new Set(left.map((row) => String(row.ts).slice(0, 10)))
  run.bar('retention by size: days removed', days - keptDays.size, '>=', 1)
  run.bar('retention by size: days kept', keptDays.size, '>=', 1)
  // Whole days, and the newest of them.
  const newest = [...new Set([...sent.values()].map(dayOf))].sort().slice(-keptDays.size)
  const kept = new Set([...sent].filter(([, at]) => newest.includes(dayOf(at))).map(([id]) => id))
  await holds(run, 'retention by size: whole days, the newest ones', left, kept)
  await api.patch('/api/v1/settings', { retention: { days: null, bytes: null } })
}

async function holds(run: Run, name: string, rows: readonly Row[], must: Set<string>): Promise<void> {
  mustGoRed<Row>(run, {
    name,
    rows,
    compare: (found) => {
      const out: string[] = []
      const seen = new Set<string>()
      for (const row of found) {
        const id = String(row['request.id'])
        if (!must.has(id)) out.push(`${id} of ${row.ts} should be gone`)
        if (seen.has(id)) out.push(`${id} is there twice`)
        seen.add(id)
      }
      for (const id of must) if (!seen.has(id)) out.push(`${id} is gone`)
      return out
    },
    alter: (row) => ({ ...row, 'request.id': 'altered' }),
  })
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** Accesses that began today and on days long past; answers their ids and times. */
async function sendHistory(run: Run, als: { host: string; port: number }, perDay: number): Promise<Map<string, number>> {
  const random = run.random.fork('history')
  const stream = openGrpcStream(als, '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs')
  await sleep(500)
  stream.send(alsIdentifier({ id: 'sidecar~10.5.0.1~old-0.bank~bank.svc.cluster.local', cluster: 'old', metadata: { NAMESPACE: 'bank' } }, 'old'))
  const encode = entryEncoder({
    ...{ side: 'server', srcIp: '10.5.0.2', dstIp: '10.5.0.1', dstPort: 8080, host: 'old', path: '/' },
    ...{ srcSpiffe: 'spiffe://cluster.local/ns/bank/sa/a', dstSpiffe: 'spiffe://cluster.local/ns/bank/sa/b', upstreamCluster: 'inbound|8080||' },
  })
  const sent = new Map<string, number>()
  for (const age of ages) {
    const noon = Math.floor(Date.now() / day) * day - age * day + (age === 0 ? 0 : day / 2)
    const entries: Buffer[] = []
    // Many on the days that the limit by size must choose among, few on those that age removes.
    for (let i = 0; i < (age <= keepDays ? perDay : 2000); i++) {
      const at = age === 0 ? Date.now() - random.int(1000) : noon + random.int(3_600_000)
      const id = random.uuid()
      sent.set(id, at)
      entries.push(encode({ id, startUs: at * 1000, durationUs: 1000, status: 200, srcPort: 20_000 }))
    }
    for (let i = 0; i < entries.length; i += 500) stream.send(alsEntries('http', entries.slice(i, i + 500)))
    await stream.flushed()
  }
  await stream.flushed()
  await sleep(1000)
  stream.close()
  return sent
}

/** Applies the retention and waits for its end. */
async function apply(server: Product): Promise<void> {
  const job = await server.api.post<{ id: string }>('/api/v1/record/retention', { dryRun: false })
  await until('the retention has been applied', 120, async () => {
    const now = await server.api.get<{ state: string; summary: string }>(`/api/v1/record/jobs/${job.id}`)
    if (now.state === 'failed') throw new Error(`retention failed: ${now.summary}`)
    return now.state === 'done'
  })
}
