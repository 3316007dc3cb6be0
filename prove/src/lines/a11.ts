import { connect } from 'node:net'
import { type Dropped, startAlsRelay } from '../lab/als-relay.ts'
import type { CompletenessAnswer, Row } from '../lab/api.ts'
import { afflict, type CollectorFault, collectorFaults } from '../lab/faults.ts'
import { type Flood, startFlood } from '../lab/flood.ts'
import { type Controller, type Product, startController, startServer } from '../lab/product.ts'
import { settle, settledCompleteness } from '../lab/settle.ts'
import { type Single, startSingle } from '../lab/single.ts'
import { sleep } from '../lab/wait.ts'
import { mustGoRed } from '../must-go-red.ts'
import { defineProof, type Run } from '../proof.ts'
import { readFileLog, startUs } from '../witness/file-log.ts'

const cluster = 'counted'
/** Length of the intervals that are held against the truth. */
const stepS = 10

type Source = CompletenessAnswer['sources'][number]

interface Lab {
  run: Run
  server: Product
  controller: Controller
  from: string
}

export const a11 = defineProof({
  line: 'A.11',
  title: 'What the record says it has missed is what it has missed: kills, freezes, a losing network, proxies restarted and killed',
  async run(run) {
    const server = await startServer(run)
    const controller = await startController(run, server, { name: cluster })
    const from = new Date(Date.now() - 60_000).toISOString()
    const lab = { run, server, controller, from }
    await countedThroughFaults(lab)
    await proxiesRestarted(lab)
    await nearlyLossless(lab)
  },
})

/** Opens a short TCP connection through the proxy about twenty times a second; answers how many there were. */
function startTcp(single: Single): { stop(): number } {
  let count = 0
  const timer = setInterval(() => {
    const socket = connect(single.tcp.port, single.tcp.host, () => socket.end('hello'))
    count++
    socket.on('error', () => {})
    socket.resume()
  }, 50)
  return {
    stop() {
      clearInterval(timer)
      return count
    },
  }
}

/** Ten minutes (ci: less) of load with faults; the record's own account against the ids that are not there. */
async function countedThroughFaults({ run, server, controller, from }: Lab): Promise<void> {
  const random = run.random.fork('faults')
  let share = 0
  const relay = await startAlsRelay(run, controller.als, run.random.fork('drops'), () => share)
  const single = await startSingle(run, 'ledger', { als: relay.address, metrics: controller.als, flushS: 1 })
  const rate: [number, number] = run.scaled([300, 600], [1000, 3000])
  const flood = startFlood({ random: run.random.fork('flood'), to: single.http, rate, cancels: 0.01 })
  const tcp = startTcp(single)
  const faults = run.scaled(5, 25)
  const every = run.scaled(40, 570) / faults
  await sleep(3000)
  for (let i = 0; i < faults; i++) {
    const end = Date.now() + every * 1000
    share = random.next() < 0.5 ? random.between(0.001, 0.02) : 0
    await sleep(random.between(0.5, every / 3) * 1000)
    const fault = i < 4 ? (Object.keys(collectorFaults) as CollectorFault[])[i]! : random.weighted(collectorFaults)
    await afflict(run, controller, fault, random, run.scaled(4, 13))
    if (end > Date.now()) await sleep(end - Date.now())
  }
  share = 0
  const connections = tcp.stop()
  await flood.stop()
  await sleep(4000)
  run.figure('faults of the collector', faults)
  run.figure('requests', flood.log.length)
  run.figure('requests cancelled by the client', flood.log.filter((r) => r.outcome === 'cancelled').length)
  run.bar('requests that the proxy did not take', flood.log.filter((r) => r.outcome === 'failed').length, '=', 0)
  run.figure('entries taken out by the relay', relay.dropped.entries)
  await compareAccount({ run, server, controller, from }, single, flood, connections, relay.dropped)
}

/** Ids of the flood that have no row, and the account that the record gives of the same source. */
async function compareAccount({ run, server, controller, from }: Lab, single: Single, flood: Flood, connections: number, dropped: Dropped): Promise<void> {
  await settle(server.api, controller, flood.log.length + connections)
  // Intervals are judged once they have settled: the newest may wait for late entries.
  const completeness = await settledCompleteness(server.api, cluster, from, 90, stepS)
  const rows = await server.api.rows({ query: `cluster="${cluster}" proxy="${single.id}"`, from, to: 'now', fields: 'ts,duration,kind,request.id,proxy' })
  const http = rows.filter((row) => row.kind === 'DownstreamEnd')
  const source = completeness.sources.find((s) => s.proxy === single.id && s.kind === 'http')
  mustGoRed<Row>(run, {
    name: 'ids without a row = entries reported missed',
    rows: http,
    compare: (found) => {
      const out: string[] = []
      const known = new Set(flood.log.map((r) => r.id))
      const seen = new Set<string>()
      for (const row of found) {
        const id = String(row['request.id'])
        if (!known.has(id)) out.push(`${id} was never sent`)
        if (seen.has(id)) out.push(`${id} is there twice`)
        seen.add(id)
      }
      const missing = [...known].filter((id) => !seen.has(id)).length
      if (source?.total.missed !== missing) out.push(`the record reports ${source?.total.missed} missed, ${missing} ids have no row`)
      return out
    },
    alter: (row) => ({ ...row, 'request.id': 'altered' }),
  })
  run.bar('entries that the relay took out and the record has all the same', http.filter((row) => dropped.ids.has(String(row['request.id']))).length, '=', 0)
  const tcpSource = completeness.sources.find((s) => s.proxy === single.id && s.kind === 'tcp')
  const tcpRows = rows.filter((row) => row.kind === 'TcpConnectionEnd').length
  run.figure('TCP connections', connections)
  run.bar('TCP: connections without a row, less those reported missed', connections - tcpRows - (tcpSource?.total.missed ?? Number.NaN), '=', 0)
  // By the proxy's own clock: its file log.
  const there = new Set(http.map((row) => String(row['request.id'])))
  const missing = readFileLog(single.file)
    .filter((line) => line.kind === 'DownstreamEnd' && !there.has(String(line.id)))
    .map((line) => startUs(line) / 1000 + line.ms)
  const intervals = source?.intervals ?? []
  run.bar('faults of the collector: intervals that it calls unknown', intervals.filter((i) => i.missed === null).length, '=', 0)
  perInterval(run, 'faults of the collector', missing, intervals)
}

type Intervals = Source['intervals']

/** Within each interval: accesses missing (by the time of their end, ms) against what it reports as missed. What it calls unknown it cannot be held to. */
function perInterval(run: Run, what: string, missing: readonly number[], intervals: Intervals): void {
  const worst = { off: 0, at: '' }
  for (const { from, to, missed, state, note } of intervals) {
    const truth = missing.filter((ms) => ms > Date.parse(from) && ms <= Date.parse(to)).length
    const off = missed === null ? 0 : Math.abs(missed - truth)
    run.say(`     ${from} … ${to}: missing ${truth}, reported ${missed ?? 'unknown'} (${state}${note && `: ${note}`})`)
    if (off > worst.off) Object.assign(worst, { off, at: from })
  }
  run.bar(`${what}: intervals`, intervals.length, '>=', 1)
  run.bar(`${what}: largest error of an interval${worst.at && ` (${worst.at})`}`, worst.off, '<=', 5)
}

/** Restarted, hot-restarted and killed proxies, and one without counters. */
async function proxiesRestarted({ run, server, controller, from }: Lab): Promise<void> {
  const telemetry = { als: controller.als, metrics: controller.als, flushS: 1 }
  const calm = await startSingle(run, 'calm', telemetry)
  const shot = await startSingle(run, 'shot', telemetry)
  const mute = await startSingle(run, 'mute', { als: controller.als })
  const floods = [calm, shot, mute].map((single) => startFlood({ random: run.random.fork(single.id), to: single.http, rate: [60, 60], connections: 8 }))
  await sleep(4000)
  run.say('a proxy is hot-restarted, another killed')
  const next = await calm.envoy.hotRestart()
  await shot.envoy.process.stop('SIGKILL')
  const killedAt = Date.now()
  await sleep(1500)
  await shot.start()
  await sleep(8000)
  for (const flood of floods) await flood.stop()
  await sleep(3000)
  run.check('the new process of the hot restart lives', next.process.alive())
  await settle(server.api, controller, Number.POSITIVE_INFINITY)
  const completeness = await settledCompleteness(server.api, cluster, from, 90, stepS)
  const rows = await server.api.rows({ query: `cluster="${cluster}"`, from, to: 'now', fields: 'proxy,kind,request.id,ts' })
  const of = (single: Single) => ({
    rows: rows.filter((row) => row.proxy === single.id && row.kind === 'DownstreamEnd'),
    source: completeness.sources.find((s) => s.proxy === single.id && s.kind === 'http'),
  })
  const hot = of(calm)
  const known = new Set(hot.rows.map((row) => String(row['request.id'])))
  const gone = floods[0]!.log.filter((r) => !known.has(r.id)).map((r) => r.atMs)
  run.figure('hot restart: requests, rows, reported missed', `${floods[0]!.log.length}, ${hot.rows.length}, ${hot.source?.total.missed}`)
  perInterval(run, 'hot restart', gone, hot.source?.intervals ?? [])
  const said = (hot.source?.intervals ?? []).map((i) => i.note).join('; ')
  run.check('hot restart: its epoch is recognized', said.includes('hot restart: epoch began'), said)
  // Envoy counts nowhere what the old process did in its last moments.
  run.bar('hot restart: intervals that it calls unknown', hot.source?.intervals.filter((i) => i.missed === null).length ?? Number.NaN, '<=', 1)
  const dead = of(shot)
  const last = dead.source?.intervals.find((i) => Date.parse(i.from) <= killedAt && killedAt < Date.parse(i.to))
  run.check('killed proxy: its last interval is unknown', last?.state === 'unknown', JSON.stringify(last))
  run.check(
    'killed proxy: both its lives are counted',
    (dead.source?.total.received ?? 0) === dead.rows.length && dead.rows.length > 0,
    `${dead.rows.length} rows`,
  )
  const silent = of(mute)
  const seen = completeness.sources.filter((s) => s.proxy === mute.id)
  run.check(
    'no counters: unknown, never complete',
    silent.rows.length > 0 && seen.every((s) => s.total.state === 'unknown' && s.total.missed === null),
    JSON.stringify(seen[0]?.total),
  )
}

/** The documented settings: what a restart and a freeze of the collector really cost. */
async function nearlyLossless({ run, server, controller, from }: Lab): Promise<void> {
  const rate = run.scaled(300, 1000)
  const single = await startSingle(run, 'lossless', { als: controller.als, metrics: controller.als, flushS: 1 })
  const missingAfter = async (flood: Flood): Promise<number> => {
    await sleep(2500)
    await settle(server.api, controller, Number.POSITIVE_INFINITY)
    const rows = await server.api.rows({ query: `cluster="${cluster}" proxy="${single.id}"`, from, to: 'now', fields: 'request.id' })
    const there = new Set(rows.map((row) => String(row['request.id'])))
    return flood.log.filter((r) => r.outcome === 'answered' && !there.has(r.id)).length
  }
  for (const [fault, bar] of [
    ['killAndStay', rate * 0.5],
    ['freeze', 0],
  ] as const) {
    const flood = startFlood({ random: run.random.fork(`lossless ${fault}`), to: single.http, rate: [rate, rate] })
    await sleep(3000)
    if (fault === 'freeze') {
      const seconds = run.scaled(6, 20)
      controller.process().signal('SIGSTOP')
      await sleep(seconds * 1000)
      controller.process().signal('SIGCONT')
      run.say(`collector frozen for ${seconds} s`)
    } else await afflict(run, controller, fault, run.random, 0)
    await sleep(3000)
    await flood.stop()
    run.bar(`entries lost by a ${fault === 'freeze' ? 'freeze' : 'restart'} of the collector at ${rate}/s`, await missingAfter(flood), '<=', bar)
  }
}
