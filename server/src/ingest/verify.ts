import { createInterface } from 'node:readline'
import { type StreamName, streamNames } from '@panoptes/contract'
import { isDamage, type RecordStore } from '../platform/record/index.ts'
import { chainOf } from './ledger.ts'
import { hashSql } from './store.ts'
import type { Problem, Verified, Work } from './types.ts'

/** Rows this young may belong to a batch that is not in the ledger yet. */
const settleMs = 300_000
const maxProblems = 1_000

type LedgerLine = [string, string, string, StreamName, number, number, string, number, string, string, string, number]

interface Counted {
  rows: number
  hash: string
}

const keyOf = (org: string, controller: string, epoch: number | string, seq: number | string) => JSON.stringify([org, controller, Number(epoch), Number(seq)])

/**
 * Recomputes what the ledger says from the rows themselves: per batch the number of its rows and their hash, and the chain
 * over all batches of a controller's stream. Days outside the range are left out; their chain is still followed.
 */
export async function verify(record: RecordStore, range: { from?: Date; to?: Date }, work: Work = {}): Promise<Verified> {
  const from = range.from?.toISOString().slice(0, 10) ?? '0000'
  const to = range.to ? new Date(range.to.getTime() - 1).toISOString().slice(0, 10) : '9999'
  const result: Verified = { batches: 0, rows: 0, retired: 0, problems: [] }
  const report = (problem: Problem) => {
    if (result.problems.length < maxProblems) result.problems.push(problem)
  }
  const retired = await retirements(record)
  const days = await record.query<{ day: string }>(
    'SELECT DISTINCT toString(day) AS day FROM batches WHERE toString(day) >= {from:String} AND toString(day) <= {to:String} ORDER BY day',
    { from, to },
  )
  await checkChains(record, report, work.signal)
  for (const [i, { day }] of days.entries()) {
    for (const stream of streamNames) {
      work.signal?.throwIfAborted()
      await checkDay(record, stream, day, retired.get(`${stream}/${day}`) ?? 0, result, report, work.signal)
    }
    work.onProgress?.({ done: i + 1, total: days.length })
  }
  return result
}

/** When a day of a table was last removed, microseconds since 1970. */
async function retirements(record: RecordStore): Promise<Map<string, number>> {
  const rows = await record.query<{ key: string; us: number }>(
    "SELECT concat(table_name, '/', toString(day)) AS key, max(toUnixTimestamp64Micro(at)) AS us FROM retirements GROUP BY key",
  )
  return new Map(rows.map(({ key, us }) => [key, Number(us)]))
}

async function checkChains(record: RecordStore, report: (problem: Problem) => void, signal?: AbortSignal): Promise<void> {
  const sql = `SELECT org, cluster, controller, stream, epoch, seq, toString(day), rows, toString(rows_hash), toString(sha256), toString(chain), toUnixTimestamp64Micro(received)
    FROM batches ORDER BY org, controller, stream, batches.received, epoch, seq`
  const stream = await record.stream(sql, 'JSONCompactEachRow', {}, { signal })
  let lane = ''
  let before = ''
  // Several epochs may have been sent at once: each has its own sequence, the chain goes over all of them.
  let last = new Map<number, number>()
  for await (const line of createInterface({ input: stream })) {
    const [org, cluster, controller, name, epoch, seq, , rows, rows_hash, sha256, chain] = JSON.parse(line) as LedgerLine
    const own = JSON.stringify([org, controller, name])
    if (own !== lane) {
      lane = own
      before = ''
      last = new Map()
    }
    const batch = `${controller}/${name}/${epoch}/${seq}`
    const due = (last.get(Number(epoch)) ?? 0) + 1
    if (Number(seq) !== due) report({ batch, problem: 'chain', detail: `batch ${due} of epoch ${epoch} is not in the ledger` })
    const right = chainOf(before, { org, cluster, controller, stream: name, epoch: Number(epoch), seq: Number(seq), rows: Number(rows), rows_hash, sha256 })
    if (right !== chain) report({ batch, problem: 'chain', detail: 'its chained checksum does not follow from the batch before it' })
    // One break is one report: go on from what is written.
    before = chain
    last.set(Number(epoch), Number(seq))
  }
}

async function checkDay(
  record: RecordStore,
  stream: StreamName,
  day: string,
  retiredUs: number,
  result: Verified,
  report: (problem: Problem) => void,
  signal?: AbortSignal,
): Promise<void> {
  const settled = (Date.now() - settleMs) * 1000
  const counted = await countSound(record, stream, day, report, signal)
  const lines = await record.query<{ org: string; controller: string; epoch: number; seq: number; rows: number; rows_hash: string; us: number }>(
    `SELECT org, controller, epoch, seq, rows, toString(batches.rows_hash) AS rows_hash, toUnixTimestamp64Micro(received) AS us FROM batches WHERE stream = {stream:String} AND day = {day:String}`,
    { stream, day },
    { signal },
  )
  // The rows were counted before the ledger was read: batches that came in between are found by counting once more, after it.
  let later: ReturnType<typeof countSound> | undefined
  const countLater = () => (later ??= countSound(record, stream, day, report, signal))
  for (const line of lines) {
    const key = keyOf(line.org, line.controller, line.epoch, line.seq)
    const rows = Number(line.rows)
    let held = counted.get(key)
    counted.delete(key)
    result.batches++
    if (Number(line.us) <= retiredUs) {
      result.retired++
      continue
    }
    if ((held?.rows ?? 0) < rows && Number(line.us) > settled) held = (await countLater()).get(key)
    result.rows += held?.rows ?? 0
    const batch = `${line.controller}/${stream}/${line.epoch}/${line.seq}`
    if (!held || held.rows < rows) report({ batch, problem: 'missing', detail: `${rows - (held?.rows ?? 0)} of its ${rows} rows are not there` })
    else if (held.rows > rows) report({ batch, problem: 'doubled', detail: `it has ${held.rows} rows instead of ${rows}` })
    else if (held.hash !== line.rows_hash) report({ batch, problem: 'altered', detail: 'its rows are not those that were stored' })
  }
  for (const [key, held] of counted) {
    if (held.received > settled) continue
    const [, controller, epoch, seq] = JSON.parse(key) as [string, string, number, number]
    report({ batch: `${controller}/${stream}/${epoch}/${seq}`, problem: 'doubled', detail: `${held.rows} rows belong to no batch of the ledger` })
  }
}

/** Counts as `countRows` does; parts that cannot be read are set aside and reported first. */
async function countSound(
  record: RecordStore,
  stream: StreamName,
  day: string,
  report: (problem: Problem) => void,
  signal?: AbortSignal,
): Promise<Map<string, Counted & { received: number }>> {
  const known = new Set(record.problems().map(({ part }) => part))
  try {
    return await countRows(record, stream, day, signal)
  } catch (error) {
    if (!isDamage(error)) throw error
    const aside = (await record.scrub({ tables: [stream] })).filter(({ part }) => !known.has(part))
    if (aside.length === 0) throw error
    for (const { part, reason } of aside) report({ batch: part, problem: 'damaged', detail: `set aside: ${reason}` })
    return countSound(record, stream, day, report, signal)
  }
}

async function countRows(record: RecordStore, stream: StreamName, day: string, signal?: AbortSignal): Promise<Map<string, Counted & { received: number }>> {
  const rows = await record.query<{ org: string; controller: string; epoch: number; batch: number; rows: number; hash: string; us: number }>(
    `SELECT org, controller, epoch, batch, count() AS rows, toString(${hashSql(stream)}) AS hash, max(toUnixTimestamp64Micro(received)) AS us FROM ${stream}
     WHERE toYYYYMMDD(ts) = {day:UInt32} GROUP BY org, controller, epoch, batch`,
    { day: Number(day.replaceAll('-', '')) },
    { signal, settings: { optimize_use_projections: 0 }, maxThreads: 1 },
  )
  return new Map(rows.map((r) => [keyOf(r.org, r.controller, r.epoch, r.batch), { rows: Number(r.rows), hash: r.hash, received: Number(r.us) }]))
}
