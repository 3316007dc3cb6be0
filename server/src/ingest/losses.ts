import { type StreamName, serverColumns, streamNames, streams } from '@panoptes/contract'
import type { Logger } from 'pino'
import type { RecordStore } from '../platform/record/index.ts'
import { keptLedger } from './ledger.ts'

interface Loss {
  org: string
  cluster: string
  controller: string
  origin: string
  stream: StreamName
  day: string
  missed: number
}

const reason = 'record-damaged'

/**
 * Compares, per day, the rows that the ledger knows with the rows that are there, and writes a gap for what is missing and
 * not yet reported: whose, of which stream, how many.
 */
export async function reportLosses(record: RecordStore, log: Logger): Promise<Loss[]> {
  const losses: Loss[] = []
  for (const stream of streamNames) {
    for (const day of await shortDays(record, stream)) losses.push(...(await lossesOf(record, stream, day)))
  }
  for (const loss of losses) log.error(loss, 'rows of the record are missing')
  if (losses.length > 0) await writeGaps(record, losses)
  return losses
}

/** Days on which the ledger knows more rows than the parts hold. */
async function shortDays(record: RecordStore, stream: StreamName): Promise<string[]> {
  const due = await record.query<{ day: string; due: number }>(`SELECT toString(day) AS day, sum(rows) AS due FROM ${keptLedger} GROUP BY day`, { stream })
  const held = await record.query<{ partition: string; held: number }>(
    'SELECT partition, sum(p.rows) AS held FROM system.parts AS p WHERE database = currentDatabase() AND table = {name:String} AND active GROUP BY partition',
    { name: record.local(stream).name },
  )
  const rows = new Map(held.map((part) => [part.partition, Number(part.held)]))
  return due.filter((line) => Number(line.due) > (rows.get(line.day.replaceAll('-', '')) ?? 0)).map(({ day }) => day)
}

async function lossesOf(record: RecordStore, stream: StreamName, day: string): Promise<Loss[]> {
  const due = await record.query<Omit<Loss, 'missed' | 'stream'> & { due: number }>(
    `SELECT org, cluster, controller, origin, toString(day) AS day, sum(rows) AS due FROM ${keptLedger} AND day = {day:String} GROUP BY org, cluster, controller, origin, day`,
    { stream, day },
  )
  const found = await record.query<{ org: string; controller: string; held: number }>(
    `SELECT org, controller, sum(n) AS held FROM (
       SELECT org, controller, count() AS n FROM ${stream} WHERE toYYYYMMDD(ts) = {number:UInt32} AND controller != '' GROUP BY org, controller
       UNION ALL
       SELECT org, controller, sum(missed) AS n FROM gaps WHERE toDate(ts) = {day:String} AND stream = {stream:String} AND reason = '${reason}' GROUP BY org, controller
     ) GROUP BY org, controller`,
    { stream, day, number: Number(day.replaceAll('-', '')) },
    { settings: { optimize_use_projections: 0 } },
  )
  const held = new Map(found.map((line) => [JSON.stringify([line.org, line.controller]), Number(line.held)]))
  return due
    .map(({ due, ...whose }) => ({ ...whose, stream, missed: Number(due) - (held.get(JSON.stringify([whose.org, whose.controller])) ?? 0) }))
    .filter(({ missed }) => missed > 0)
}

/** Gaps found by the server itself belong to batch 0 of epoch 0: no batch of a controller bears that name. */
async function writeGaps(record: RecordStore, losses: readonly Loss[]): Promise<void> {
  const received = new Date().toISOString().slice(0, 23).replace('T', ' ')
  const rows = losses.map(({ org, cluster, controller, origin, stream, day, missed }, row) => ({
    ...{ org, cluster, controller, origin, received, epoch: 0, batch: 0, row, stream, missed, reason },
    ts: `${day} 00:00:00.000000`,
    until: `${day} 23:59:59.999999`,
    proxy: '',
    unknown: 0,
    detail: 'rows that had been stored were damaged on the disk of the record',
  }))
  await record.insertRows('gaps', rows, [...serverColumns, ...streams.gaps])
}
