import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { zstdDecompressSync } from 'node:zlib'
import { BatchHeader, batchListMagic, Enrolment, Heartbeat, SessionRequest, type StreamName, streamNames } from '@panoptes/contract/ingest'
import { readNative } from './native-reader.ts'

interface Stored {
  seq: number
  sha256: string
}

/**
 * A server that keeps the ingest contract and nothing else: order, chain, tickets, checksums. `trouble` may answer in its
 * place, or cut the connection after the batch was stored.
 */
export class StandIn {
  readonly rows = Object.fromEntries(streamNames.map((stream) => [stream, []])) as unknown as Record<StreamName, Record<string, unknown>[]>
  readonly heartbeats: Heartbeat[] = []
  readonly faults: string[] = []
  /** Keys that are let in; the first is what an enrolment gets. */
  keys = ['k'.repeat(32)]
  /** What the next heartbeat is given as a new key. */
  newKey: string | undefined
  /** Key of each request that came. */
  readonly used: string[] = []
  /** Lets the answer to a batch wait. */
  hold: (header: BatchHeader) => Promise<void> | undefined = () => undefined
  trouble: (path: string) => number | 'lost' | undefined = () => undefined
  /** Batches in the order in which they came. */
  readonly batches: { stream: string; epoch: number; seq: number }[] = []
  private readonly positions: Record<string, Map<number, Stored>> = {}
  private ticket = ''
  private session = ''
  private readonly server: Server

  constructor() {
    this.server = createServer((req, res) => void this.handle(req, res))
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(this.server.address() as AddressInfo).port}`))
    })
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }

  private async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of req as AsyncIterable<Buffer>) parts.push(part)
    const body = Buffer.concat(parts)
    const path = req.url!.split('/').at(-1)!
    const trouble = this.trouble(path)
    if (typeof trouble === 'number') {
      const code = trouble === 400 ? 'PAN0301' : trouble === 507 ? 'PAN0006' : 'PAN0005'
      res.writeHead(trouble, { 'content-type': 'application/json' }).end(JSON.stringify({ code, detail: 'trouble' }))
      return
    }
    if (path === 'batches') await this.hold(headerOf(batchesOf(body)[0]!).header)
    const { status, answer } = this.answer(path, body, req)
    if (trouble === 'lost') {
      req.socket.destroy()
      return
    }
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }

  private answer(path: string, body: Buffer, req: IncomingMessage): { status: number; answer: unknown } {
    const refuse = (status: number, code: string, detail: string) => {
      this.faults.push(`${code} ${detail}`)
      return { status, answer: { code, detail } }
    }
    if (path === 'enrolments') {
      Enrolment.parse(JSON.parse(body.toString()))
      return { status: 201, answer: { controller: 'c1', key: this.keys[0], cluster: 'east', org: 'default' } }
    }
    const key = (req.headers.authorization ?? '').slice('Bearer '.length)
    this.used.push(key)
    if (!this.keys.includes(key)) return refuse(401, 'PAN0102', 'no such key')
    if (path === 'sessions') {
      const { ticket, next } = SessionRequest.parse(JSON.parse(body.toString()))
      if (ticket !== this.ticket && next !== this.ticket) return refuse(409, 'PAN0107', 'another ticket')
      this.ticket = next
      this.session = `s${Math.random()}`
      const lanes = Object.fromEntries(
        Object.entries(this.positions).map(([stream, of]) => [stream, [...of].map(([epoch, { seq }]) => ({ epoch, seq })).sort((a, b) => b.epoch - a.epoch)]),
      )
      const resume = Object.fromEntries(Object.entries(lanes).map(([stream, [newest]]) => [stream, newest]))
      return { status: 201, answer: { session: this.session, resume, lanes } }
    }
    if (req.headers['panoptes-session'] !== this.session) return refuse(409, 'PAN0107', 'another session')
    if (path === 'heartbeats') {
      this.heartbeats.push(Heartbeat.parse(JSON.parse(body.toString())))
      const given = this.newKey
      this.newKey = undefined
      return { status: 200, answer: { now: new Date().toISOString(), ...(given ? { key: given } : {}) } }
    }
    let stored: { status: number; answer: unknown } | undefined
    for (const batch of batchesOf(body)) {
      const next = this.store(batch, refuse)
      if (stored && next.status !== 200) break
      stored = next
    }
    return stored!
  }

  private store(body: Buffer, refuse: (status: number, code: string, detail: string) => { status: number; answer: unknown }) {
    if (body.toString('latin1', 0, 4) !== 'PNB1') return refuse(400, 'PAN0301', 'magic')
    const { header, payload } = headerOf(body)
    const { stream, epoch, seq, sha256, prev } = header
    if (createHash('sha256').update(payload).digest('hex') !== sha256) return refuse(400, 'PAN0301', 'checksum')
    this.positions[stream] ??= new Map()
    const last = this.positions[stream].get(epoch) ?? { seq: 0, sha256: '' }
    const answer = { stream, epoch, acknowledged: seq }
    if (last.seq === seq && last.sha256 === sha256) return { status: 200, answer }
    if (seq !== last.seq + 1 || prev !== last.sha256) return refuse(409, 'PAN0302', `${stream} ${epoch}/${seq} after ${last.seq}`)
    const block = zstdDecompressSync(payload)
    const rows = readNative(block)
    if (block.length !== header.rawBytes || rows.length !== header.rows) return refuse(400, 'PAN0301', 'size')
    this.rows[stream]!.push(...rows)
    this.batches.push({ stream, epoch, seq })
    this.positions[stream].set(epoch, { seq, sha256 })
    return { status: 200, answer }
  }
}

function batchesOf(body: Buffer): Buffer[] {
  if (body.toString('latin1', 0, 4) !== batchListMagic) return [body]
  const batches: Buffer[] = []
  for (let at = 4; at < body.length; at += 4 + body.readUInt32LE(at)) batches.push(body.subarray(at + 4, at + 4 + body.readUInt32LE(at)))
  return batches
}

function headerOf(body: Buffer): { header: BatchHeader; payload: Buffer } {
  const start = 8 + body.readUInt32LE(4)
  return { header: BatchHeader.parse(JSON.parse(body.toString('utf8', 8, start))), payload: body.subarray(start) }
}
