import { type Job, PanoptesError } from '@panoptes/contract'
import type { z } from 'zod'
import type { Progress, Work } from '../ingest/index.ts'
import type { Logger } from '../platform/log/index.ts'
import { newId, type State, type Tables } from '../platform/state/index.ts'

export type JobView = z.infer<typeof Job>
export type JobKind = Tables['jobs']['kind']

export interface Outcome {
  summary: string
  problems?: JobView['problems']
}

const beatMs = 1_000
/** A replica that has not touched its job for this long is gone. */
const goneMs = 60_000

/** Long work of this replica, with its state where all replicas see it. */
export class Jobs {
  #db: State['db']
  #log: Logger
  #running = new Map<string, AbortController>()
  #ends = new Set<Promise<void>>()

  constructor(db: State['db'], log: Logger) {
    this.#db = db
    this.#log = log
  }

  /** Starts work and answers at once. Throws PAN0008 where the organization has one of its kind running. */
  async start(org: string, kind: JobKind, work: (work: Required<Work>) => Promise<Outcome>): Promise<JobView> {
    await this.#buryTheGone()
    const id = newId()
    const made = await this.#db
      .insertInto('jobs')
      .values({ id, org, kind, state: 'running', total: null })
      .onConflict((conflict) => conflict.columns(['org', 'kind']).where('state', '=', 'running').doNothing())
      .returning('id')
      .executeTakeFirst()
    if (!made) throw new PanoptesError('PAN0008', `a ${kind} is running already: wait for it, or stop it`)
    const end = this.#run(id, work).finally(() => this.#ends.delete(end))
    this.#ends.add(end)
    return this.get(org, id)
  }

  /** Throws PAN0007 where the organization has no such job. */
  async get(org: string, id: string): Promise<JobView> {
    const row = await this.#db.selectFrom('jobs').selectAll().where('org', '=', org).where('id', '=', id).executeTakeFirst()
    if (!row) throw new PanoptesError('PAN0007', `there is no job ${id}`)
    return viewOf(row)
  }

  /** The newest hundred. */
  async list(org: string): Promise<JobView[]> {
    await this.#buryTheGone()
    const rows = await this.#db.selectFrom('jobs').selectAll().where('org', '=', org).orderBy('id', 'desc').limit(100).execute()
    return rows.map(viewOf)
  }

  /** Asks for a stop, whichever replica does the work. */
  async stop(org: string, id: string): Promise<JobView> {
    await this.get(org, id)
    await this.#db.updateTable('jobs').set({ stopAsked: true }).where('id', '=', id).execute()
    this.#running.get(id)?.abort()
    return this.get(org, id)
  }

  /** Stops what this replica does. */
  async close(): Promise<void> {
    for (const controller of this.#running.values()) controller.abort()
    await Promise.all(this.#ends)
  }

  async #run(id: string, work: (work: Required<Work>) => Promise<Outcome>): Promise<void> {
    const controller = new AbortController()
    this.#running.set(id, controller)
    let progress: Progress | undefined
    const beat = setInterval(() => {
      this.#beat(id, progress).then(
        (stopAsked) => stopAsked && controller.abort(),
        (error: unknown) => this.#log.warn({ err: error, job: id }, 'the progress of a job could not be written'),
      )
    }, beatMs)
    const onProgress = (now: Progress) => {
      progress = now
    }
    const end = await work({ signal: controller.signal, onProgress }).then(
      ({ summary, problems = [] }) => ({ state: 'done' as const, summary, problems }),
      (error: unknown) => this.#failure(id, error, controller.signal.aborted),
    )
    clearInterval(beat)
    this.#running.delete(id)
    const counts = progress ? { done: progress.done, total: progress.total } : {}
    await this.#db
      .updateTable('jobs')
      .set({ ...end, ...counts, problems: JSON.stringify(end.problems), endedAt: new Date() })
      .where('id', '=', id)
      .execute()
      .catch((error: unknown) => this.#log.warn({ err: error, job: id }, 'the end of a job could not be written'))
  }

  #failure(id: string, error: unknown, stopped: boolean): { state: 'stopped' | 'failed'; summary: string; problems: JobView['problems'] } {
    if (stopped) return { state: 'stopped', summary: 'Stopped before its end.', problems: [] }
    if (!(error instanceof PanoptesError)) this.#log.error({ err: error, job: id }, 'a job failed')
    return { state: 'failed', summary: error instanceof PanoptesError ? `${error.code}: ${error.message}` : 'PAN0001: see the log of the server', problems: [] }
  }

  async #beat(id: string, progress: Progress | undefined): Promise<boolean> {
    const counts = progress ? { done: progress.done, total: progress.total } : {}
    const row = await this.#db
      .updateTable('jobs')
      .set({ ...counts, seenAt: new Date() })
      .where('id', '=', id)
      .returning('stopAsked')
      .executeTakeFirst()
    return row?.stopAsked ?? true
  }

  async #buryTheGone(): Promise<void> {
    await this.#db
      .updateTable('jobs')
      .set({ state: 'failed', summary: 'The server that did it has gone.', endedAt: new Date() })
      .where('state', '=', 'running')
      .where('seenAt', '<', new Date(Date.now() - goneMs))
      .execute()
  }
}

function viewOf(row: {
  id: string
  kind: JobKind
  state: JobView['state']
  done: number
  total: number | null
  summary: string
  problems: JobView['problems']
  startedAt: Date
  endedAt: Date | null
}): JobView {
  const { id, kind, state, done, total, summary, problems } = row
  return { id, kind, state, done, total, summary, problems, startedAt: row.startedAt.toISOString(), endedAt: row.endedAt?.toISOString() ?? null }
}
