import { connect } from 'node:net'
import { type Dropped, startAlsRelay } from '../../lab/als-relay.ts'
import type { Row } from '../../lab/api.ts'
import { afflict, type CollectorFault, collectorFaults } from '../../lab/faults.ts'
import { type Flood, startFlood } from '../../lab/flood.ts'
import { settle, settledCompleteness } from '../../lab/settle.ts'
import { type Single, startSingle } from '../../lab/single.ts'
import { sleep } from '../../lab/wait.ts'
import { mustGoRed } from '../../must-go-red.ts'
import { readFileLog, startUs } from '../../witness/file-log.ts'
import { cluster, type Lab, perInterval, stepS } from './account.ts'

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
export async function countedThroughFaults({ run, server, controller, from }: Lab): Promise<void> {
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
  const missing: number[] = []
  for (const line of readFileLog(single.file)) if (line.kind === 'DownstreamEnd' && !there.has(String(line.id))) missing.push(startUs(line) / 1000 + line.ms)
  const intervals = source?.intervals ?? []
  run.bar('faults of the collector: intervals that it calls unknown', intervals.filter((i) => i.missed === null).length, '=', 0)
  perInterval(run, 'faults of the collector', missing, intervals)
}
