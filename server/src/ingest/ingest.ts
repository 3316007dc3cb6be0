import { join } from 'node:path'
import { type BatchHeader, PanoptesError, releaseBytes } from '@panoptes/contract'
import type { Logger } from 'pino'
import type { RecordStore } from '../platform/record/index.ts'
import { backupRecord } from './backup.ts'
import { type Batch, columnsOf, readBatch, splitBatches, unpack } from './batch.ts'
import { DiskWatch } from './disk.ts'
import { extentOf } from './extent.ts'
import { forecast } from './forecast.ts'
import { Keeper } from './keeper.ts'
import { type Head, Lane } from './lane.ts'
import { Ledger } from './ledger.ts'
import { checkBlock } from './native/check.ts'
import { readRows } from './native/read.ts'
import { Quarantine } from './quarantine.ts'
import { retire } from './retention.ts'
import { type Pending, Store } from './store.ts'
import type { Accepted, Ack, Ingest, IngestPrincipal, Lanes, Listener } from './types.ts'
import { verify } from './verify.ts'
import { Writer } from './writer.ts'

export interface IngestOptions {
  record: RecordStore
  log: Logger
  /** Free bytes of the data disk under which ingest stops; 512 MiB or 5 % of the disk unless told otherwise. */
  floorBytes?: number
  /** Bytes of rows that may be in work at once. */
  maxInFlight?: number
  /** An insert of a stream's rows begins so many milliseconds after the one before, unless many wait; at once unless told otherwise. */
  insertEveryMs?: number
}

const defaultInFlight = 256 * 1024 * 1024

/** Opens the way into the record. */
export async function createIngest({ record, log, floorBytes, maxInFlight = defaultInFlight, insertEveryMs = 0 }: IngestOptions): Promise<Ingest> {
  const ledger = new Ledger(record)
  const store = new Store(record)
  const writer = new Writer(store, ledger, insertEveryMs)
  const lanes = new Map<string, Lane>()
  const heads = new Map<string, Head>()
  const listeners = new Set<Listener>()
  const disk = record.dataDir ? new DiskWatch(record.dataDir, floorBytes) : undefined
  const quarantine = new Quarantine(record.dataDir && join(record.dataDir, 'quarantine'))
  const keeper = new Keeper(record, log, disk)
  const counts = { inFlightBytes: 0, accepted: 0, rows: 0, refused: {} as { [code: string]: number } }
  let closed = false
  await keeper.start()

  function laneOf(principal: IngestPrincipal, header: BatchHeader): Lane {
    const stream = JSON.stringify([principal.org, principal.controller, header.stream])
    const key = `${stream}/${header.epoch}`
    const head = heads.get(stream) ?? { last: undefined }
    heads.set(stream, head)
    const lane = lanes.get(key) ?? new Lane(principal, header, head, ledger, store)
    lanes.set(key, lane)
    return lane
  }

  async function lanesOf(principal: IngestPrincipal): Promise<Lanes> {
    for (const lane of lanes.values()) if (lane.principal.org === principal.org && lane.principal.controller === principal.controller) await lane.settled()
    return ledger.lanes(principal)
  }

  /** Tells the live readers; what it answers settles once none of them looks at the rows any more. */
  function announce({ principal, header, block }: Pending, receivedUs: number): { read: Promise<unknown> } {
    counts.accepted++
    counts.rows += header.rows
    const constants = { ...principal, received: receivedUs, epoch: header.epoch, batch: header.seq }
    const accepted: Accepted = {
      principal,
      header,
      received: new Date(receivedUs / 1000),
      fromUs: block.fromUs,
      untilUs: block.untilUs,
      rows: () => readRows(block, constants),
    }
    const reading = [...listeners].map(async (listener) => {
      try {
        await listener(accepted)
      } catch (error) {
        log.error({ err: error }, 'a live reader failed')
      }
    })
    return { read: Promise.all(reading) }
  }

  /** Admits a batch in the order of its lane; resolves once it is durable. */
  async function take(principal: IngestPrincipal, batch: Batch, size: number, followed: boolean, signal?: AbortSignal): Promise<Ack> {
    const { header } = batch
    const { stream, epoch, seq } = header
    const lane = laneOf(principal, header)
    const stored = await lane.serial(async () => {
      const verdict = await lane.judge(header)
      if (!verdict.take) return { wait: verdict.wait, acknowledged: verdict.acknowledged }
      const block = await checkBlock(await unpack(batch), columnsOf(header), header)
      const pending: Pending = { principal, header, block, bytes: size }
      const write = () => writer.write({ ...pending, lane, doubtfulSince: verdict.doubtfulSince, followed, signal })
      const wait = lane.behind(header, write).then((receivedUs) => announce(pending, receivedUs))
      // Where it failed, the rows may still be on their way into the record.
      wait
        .then(({ read }) => read)
        .then(
          () => releaseBytes(block.raw),
          () => {},
        )
      lane.admit(header, wait)
      return { wait, acknowledged: seq }
    })
    await stored.wait
    return { stream, epoch, acknowledged: stored.acknowledged }
  }

  async function acceptOne(principal: IngestPrincipal, bytes: Uint8Array, followed: boolean, signal?: AbortSignal): Promise<Ack> {
    let weight = 0
    try {
      if (closed) throw new PanoptesError('PAN0005', 'the server is stopping')
      if (disk?.look().full)
        throw new PanoptesError(
          'PAN0006',
          `${Math.floor(disk.look().freeBytes / 1e6)} MB are free, ${Math.ceil(disk.look().floorBytes / 1e6)} MB must stay free`,
        )
      const batch = readBatch(bytes)
      if (counts.inFlightBytes > 0 && counts.inFlightBytes + batch.header.rawBytes > maxInFlight)
        throw new PanoptesError('PAN0005', 'too many batches are in work; send it again', { retryAfterMs: 1_000 })
      weight = batch.header.rawBytes
      counts.inFlightBytes += weight
      return await take(principal, batch, bytes.length, followed, signal)
    } catch (error) {
      const code = error instanceof PanoptesError ? error.code : 'PAN0001'
      counts.refused[code] = (counts.refused[code] ?? 0) + 1
      if (code === 'PAN0301' || code === 'PAN0303') {
        log.warn({ controller: principal.controller, err: error }, 'batch refused and set aside')
        quarantine.keep(principal.controller, bytes, String(error))
      }
      throw error
    } finally {
      counts.inFlightBytes -= weight
    }
  }

  /** Takes the batches of a message; rejects where not even the first could be stored. */
  async function accept(principal: IngestPrincipal, bytes: Uint8Array, signal?: AbortSignal): Promise<Ack> {
    const parts = splitBatches(bytes)
    const acks = await Promise.allSettled(parts.map((part, i) => acceptOne(principal, part, i < parts.length - 1, signal)))
    const bad = acks.findIndex((ack) => ack.status === 'rejected')
    const last = acks.at(bad < 0 ? -1 : Math.max(bad - 1, 0))!
    if (last.status === 'rejected') throw last.reason
    return last.value
  }

  return {
    accept,
    lanes: lanesOf,
    resume: async (principal) => Object.fromEntries(Object.entries(await lanesOf(principal)).map(([stream, [newest]]) => [stream, newest])),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    verify: (range, work) => verify(record, range, work),
    retention: (policy, options) => retire(record, policy, options),
    backup: (directory, work) => backupRecord(record, writer, directory, work),
    forecast: () => forecast(record, disk?.look()),
    extent: (org) => extentOf(record, org),
    status: () => ({ ...counts, refused: { ...counts.refused }, diskFull: disk?.look().full ?? false }),
    close: async () => {
      closed = true
      keeper.stop()
      await writer.end()
    },
  }
}
