import { randomUUID } from 'node:crypto'
import {
  BatchAcknowledged,
  batchMediaType,
  Enrolled,
  enrolController,
  type Heartbeat,
  HeartbeatAnswer,
  openSession,
  releaseBytes,
  Session,
  type StreamName,
  sendBatch,
  sendHeartbeat,
  sessionHeader,
  streamNames,
} from '@panoptes/contract/ingest'
import type { Logger } from 'pino'
import { encodeBatches } from '../batch/index.ts'
import { type LaneName, laneNames, type Ready, type Spool } from '../spool/index.ts'
import { type Answer, ServerClient } from './http.ts'
import { freshTicket, type IdentityFile } from './identity.ts'

export interface LinkOptions {
  server: string
  ca?: string
  name: string
  /** Enrolment token; needed until the controller has a key of its own. */
  token?: string
  version: string
  spool: Spool
  identity: IdentityFile
  heartbeat: () => Heartbeat
  /** The server has answered a heartbeat. */
  answered?: (answer: HeartbeatAnswer) => void
  log: Logger
}

/** Refusals that sending again cannot heal: the batch is set aside. */
const final = new Set(['PAN0301', 'PAN0303', 'PAN0304', 'PAN0004'])
const heartbeatEvery = 5000
/** Milliseconds between the beginnings of two messages of a lane, unless a whole message waits: each is an insert to the record, however few its rows are. */
const messageEvery = 1000

/** An answer of the server that is not the one hoped for. */
class Refused extends Error {
  readonly code: string
  readonly status: number

  constructor(answer: Answer) {
    const body = (typeof answer.body === 'object' && answer.body !== null ? answer.body : {}) as Record<string, unknown>
    const nested = (typeof body.error === 'object' && body.error !== null ? body.error : {}) as Record<string, unknown>
    const code = String(body.code ?? nested.code ?? '')
    super(`${answer.status} ${code} ${String(body.detail ?? nested.detail ?? body.message ?? '')}`.trim())
    this.name = 'Refused'
    this.code = code
    this.status = answer.status
  }
}

/**
 * The one way out: enrols once, opens a session, then sends what the spool holds, each lane of a stream in order and one
 * message of it at a time, and a heartbeat every five seconds. Whatever fails is tried again, later and later, with jitter.
 */
export class Link {
  private readonly options: LinkOptions
  private readonly client: ServerClient
  private readonly process = randomUUID()
  private session = ''
  private stopped = false
  /** What waits goes at once. */
  private stopping = false
  private failures = 0
  private readonly waiters = new Set<() => void>()
  private timer: NodeJS.Timeout | undefined
  private running: Promise<void> | undefined
  /** `connected`, or why not. */
  state = 'connecting'

  constructor(options: LinkOptions) {
    this.options = options
    this.client = new ServerClient(options.server, options.ca)
  }

  start(): void {
    this.options.spool.onChange(() => this.wake())
    this.timer = setInterval(() => void this.beat(), heartbeatEvery)
    this.running = this.run()
  }

  /** Something has changed that the next heartbeat tells: it goes now. */
  tell(): void {
    void this.beat()
  }

  /** Sends what is left for at most `patience` milliseconds, then lets go. */
  async stop(patience: number): Promise<void> {
    const end = Date.now() + patience
    this.stopping = true
    this.wake()
    while (Date.now() < end && this.options.spool.waiting > 0 && this.session !== '') await sleep(50)
    await this.beat()
    this.stopped = true
    clearInterval(this.timer)
    this.wake()
    await Promise.race([this.running, sleep(1000)])
    this.client.close()
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.connect()
        const ends = await Promise.allSettled(laneNames.flatMap((lane) => streamNames.map((stream) => this.pump(stream, lane, this.session))))
        const failed = ends.find((e) => e.status === 'rejected')
        if (failed) throw failed.reason
      } catch (error) {
        if (this.stopped) return
        this.session = ''
        const wait = this.backOff()
        this.state = (error as Error).message
        this.options.log.warn({ server: this.options.server, error: this.state, retryMs: wait }, 'server not reached; batches stay in the spool')
        await this.pause(wait)
      }
    }
  }

  private async connect(): Promise<void> {
    const { identity, spool } = this.options
    if (identity.value.key === '') await this.enrol()
    // the ticket lies on disk since the session before: a full disk must not keep the spool from being emptied
    if (identity.value.next === '') identity.update({ next: freshTicket() })
    const { instance, ticket, next } = identity.value
    const answer = await this.json(openSession.path, { instance, ticket, next, process: this.process, version: this.options.version })
    if (answer.status !== 201 && answer.status !== 200) throw new Refused(answer)
    const { session, resume, lanes } = Session.parse(answer.body)
    this.turn(next)
    this.session = session
    await spool.resume(lanes)
    this.state = 'connected'
    this.options.log.info({ server: this.options.server, resume }, 'connected')
    void this.beat()
  }

  /** Keeps the ticket that was taken and makes the next one. Where that cannot be written the same ones serve again. */
  private turn(taken: string): void {
    try {
      this.options.identity.update({ ticket: taken, next: freshTicket() })
    } catch (error) {
      this.options.log.warn({ error: (error as Error).message }, 'identity not written')
    }
  }

  private async enrol(): Promise<void> {
    const { identity, token, name, log } = this.options
    if (!token) throw new Error('not enrolled: give an enrolment token with --token')
    const answer = await this.json(enrolController.path, { token, name, instance: identity.value.instance })
    if (answer.status !== 201 && answer.status !== 200) throw new Refused(answer)
    const { controller, key, cluster, org } = Enrolled.parse(answer.body)
    identity.update({ controller, key, cluster, org })
    log.info({ controller, cluster }, 'enrolled')
  }

  /** Sends a lane's batches as they come, all that wait in one message, until the session ends or the stream has a hole. */
  private async pump(stream: StreamName, lane: LaneName, session: string): Promise<void> {
    const { spool } = this.options
    let last = Number.NEGATIVE_INFINITY
    try {
      while (!this.stopped && this.session === session && spool.continuous(stream)) {
        const early = last + messageEvery - performance.now()
        if (early > 0 && !this.stopping && !spool.fills(stream, lane)) {
          await this.rest(early)
          continue
        }
        last = performance.now()
        const ready = await spool.next(stream, lane)
        if (ready.length > 0) await this.send(stream, lane, ready)
        else {
          last = Number.NEGATIVE_INFINITY
          this.failures = 0
          await this.rest(1000)
        }
      }
    } finally {
      // one stream that stops makes all streams meet in a new session
      if (this.session === session) this.session = ''
    }
  }

  private async send(stream: StreamName, lane: LaneName, ready: Ready[]): Promise<void> {
    const { spool, log } = this.options
    const answer = await this.post(sendBatch.path, batchMediaType, encodeBatches(ready))
    if (answer.status === 200) {
      const { epoch, acknowledged } = BatchAcknowledged.parse(answer.body)
      await spool.acknowledge(stream, { epoch, seq: acknowledged }, lane)
      for (const { payload } of ready) releaseBytes(payload)
      this.failures = 0
      return
    }
    const refused = new Refused(answer)
    if (!final.has(refused.code)) throw refused
    const { epoch, seq, rows } = ready[0]!.header
    log.error({ stream, epoch, seq, rows, error: refused.message }, 'batch refused for good and set aside')
    await spool.refuse(stream, lane)
  }

  private async beat(): Promise<void> {
    if (this.session === '') return
    const { key } = this.options.identity.value
    try {
      const answer = await this.json(sendHeartbeat.path, this.options.heartbeat())
      if (answer.status === 401 || answer.status === 409) this.session = ''
      if (answer.status >= 400) this.options.log.warn({ error: new Refused(answer).message }, 'heartbeat refused')
      else {
        const told = HeartbeatAnswer.parse(answer.body)
        this.rotate(told, key)
        this.options.answered?.(told)
      }
    } catch (error) {
      this.options.log.debug({ error: (error as Error).message }, 'heartbeat not delivered')
    }
  }

  /** Takes a key that the server gave in place of the one it was asked with. */
  private rotate({ key }: HeartbeatAnswer, asked: string): void {
    if (key === undefined) return
    this.options.identity.rotate(key, asked)
    this.options.log.info('new key written')
  }

  /** Posts with the key of the moment, and once more where that key was refused and there is another by now. */
  private async post(path: string, type: string, body: readonly Buffer[], timeout?: number): Promise<Answer> {
    const { key } = this.options.identity.value
    const answer = await this.postOnce(path, type, body, timeout)
    return answer.status === 401 && this.options.identity.value.key !== key ? this.postOnce(path, type, body, timeout) : answer
  }

  private async postOnce(path: string, type: string, body: readonly Buffer[], timeout?: number): Promise<Answer> {
    const { identity, log } = this.options
    const { key } = identity.value
    const credentials = { ...(key === '' ? {} : { authorization: `Bearer ${key}` }), ...(this.session === '' ? {} : { [sessionHeader]: this.session }) }
    const answer = await this.client.post(path, { ...credentials, 'content-type': type }, body, timeout)
    try {
      if (answer.status === 401 || answer.status < 300) identity.proved(key, answer.status !== 401)
    } catch (error) {
      log.warn({ error: (error as Error).message }, 'identity not written')
    }
    return answer
  }

  private json(path: string, body: unknown): Promise<Answer> {
    return this.post(path, 'application/json', [Buffer.from(JSON.stringify(body))], 15_000)
  }

  /** Waits, at most so long, for something to send. */
  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.waiters.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.waiters.add(done)
    })
  }

  private wake(): void {
    for (const done of [...this.waiters]) done()
  }

  /** Waits out a back-off, which new batches do not cut short. */
  private async pause(ms: number): Promise<void> {
    const end = Date.now() + ms
    while (!this.stopped && Date.now() < end) await sleep(Math.min(100, ms))
  }

  private backOff(): number {
    this.failures++
    // at most five seconds: who waits longer makes people wait for what is new when the server is back
    const most = Math.min(5_000, 250 * 2 ** Math.min(this.failures, 7))
    return Math.round(most / 2 + (Math.random() * most) / 2)
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}
