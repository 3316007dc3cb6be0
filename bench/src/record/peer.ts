import { Readable } from 'node:stream'
import type { RecordStore } from '@panoptes/server'
import type { Question } from './ask.ts'
import type { Shape } from './rows.ts'

const streamFields = 'cluster,dst_namespace,dst_workload,reporter'
const hourS = 3_600

/** Sends all rows to a VictoriaLogs as JSON lines, an hour at a time, and waits until it finds them. */
export async function feedPeer(url: string, record: RecordStore, { end, days }: Shape): Promise<void> {
  for (let from = end - days * 24 * hourS; from < end; from += hourS) {
    const sql = `SELECT * REPLACE (formatDateTime(ts, '%Y-%m-%dT%H:%i:%S.%fZ') AS ts) FROM accesses WHERE ts >= fromUnixTimestamp(${from}) AND ts < fromUnixTimestamp(${from + hourS})`
    const rows = await record.stream(sql, 'JSONEachRow')
    const address = `${url}/insert/jsonline?_stream_fields=${streamFields}&_time_field=ts&_msg_field=path`
    const response = await fetch(address, { method: 'POST', body: Readable.toWeb(rows) as ReadableStream, duplex: 'half' } as RequestInit)
    if (!response.ok) throw new Error(`the peer refused rows: ${response.status} ${await response.text()}`)
  }
  // What was taken last is found a few seconds later.
  await new Promise((done) => setTimeout(done, 10_000))
}

/** Asks the peer once with each key, reading every line; how long each took, ms. */
export async function askPeer(url: string, question: Question, keys: readonly string[], { end }: Shape): Promise<number[]> {
  const took: number[] = []
  for (const [i, key] of [keys[0]!, ...keys].entries()) {
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
