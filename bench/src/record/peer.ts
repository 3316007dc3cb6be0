import { Readable } from 'node:stream'
import type { RecordStore } from '@panoptes/server'
import type { Question } from './ask.ts'
import { measured37 } from './load.ts'
import type { Shape } from './rows.ts'

const streamFields = 'cluster,dst_namespace,dst_workload,reporter'
const hourS = 3_600
/** What it is given of each row: the 37 columns and what the questions name, to its advantage (22 us of its CPU a row; all columns take 45). */
const given = [...new Set([...measured37, 'src_cluster', 'dst_cluster', 'src_pod', 'dst_pod'])].filter((name) => name !== 'ts')

/** Sends all rows to a VictoriaLogs as JSON lines, an hour at a time and two at once, and waits until it finds them. Answers its CPU per row, us. */
export async function feedPeer(url: string, record: RecordStore, { rows, end, days }: Shape): Promise<number> {
  const before = await cpuSecondsOf(url)
  let next = end - days * 24 * hourS
  const feed = async () => {
    for (let from = next; from < end; from = next) {
      next += hourS
      await feedHour(url, record, from)
      process.stderr.write(`\r${Math.round((1 - (end - from) / (days * 24 * hourS)) * 100)} % of the rows fed to the peer`)
    }
  }
  await Promise.all([feed(), feed()])
  // What was taken last is found a few seconds later.
  await new Promise((done) => setTimeout(done, 10_000))
  return (((await cpuSecondsOf(url)) - before) * 1e6) / rows
}

/** User and system CPU of the peer so far, as its own metrics say. */
async function cpuSecondsOf(url: string): Promise<number> {
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1])
}

async function feedHour(url: string, record: RecordStore, from: number): Promise<void> {
  const sql = `SELECT ${given.join(', ')}, formatDateTime(ts, '%Y-%m-%dT%H:%i:%S.%fZ') AS at FROM accesses WHERE ts >= fromUnixTimestamp(${from}) AND ts < fromUnixTimestamp(${from + hourS})`
  const rows = await record.stream(sql, 'JSONEachRow', {}, { maxThreads: 1 })
  const address = `${url}/insert/jsonline?_stream_fields=${streamFields}&_time_field=at&_msg_field=path`
  const response = await fetch(address, { method: 'POST', body: Readable.toWeb(rows) as ReadableStream, duplex: 'half' } as RequestInit)
  if (!response.ok) throw new Error(`the peer refused rows: ${response.status} ${await response.text()}`)
}

/** A map of an hour takes it seconds: it is asked with so many of the keys, some of them absent as well. */
const everyKey = 11

/** Asks the peer, reading every line; how long each answer took, ms. The first is not counted. */
export async function askPeer(url: string, question: Question, keys: readonly string[], { end }: Shape): Promise<number[]> {
  const took: number[] = []
  for (const [i, key] of [keys[0]!, ...keys.filter((_, i) => i % everyKey === 0)].entries()) {
    const { query, lastS } = question.peer(key, i)
    const body = new URLSearchParams({ query, start: String(end - lastS), end: String(end) })
    const before = performance.now()
    const response = await fetch(`${url}/select/logsql/query`, { method: 'POST', body })
    if (!response.ok) throw new Error(`the peer refused ${query}: ${response.status} ${await response.text()}`)
    await response.arrayBuffer()
    if (i > 0) took.push(performance.now() - before)
  }
  return took
}
