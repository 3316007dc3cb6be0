import { randomUUID } from 'node:crypto'
import { type Access, columnsByField, formatHeader, formatLine, type LineOptions, parseQuery } from '@panoptes/contract'
import { sql } from 'kysely'
import { holdLease, type State } from '../../platform/state/index.ts'
import type { Live } from '../live.ts'
import { microseconds } from '../matches.ts'
import { type TrafficDb, trafficDb } from '../tables.ts'
import { FileOutput } from './file-output.ts'
import { OtlpOutput } from './otlp-output.ts'
import type { Line, Output } from './output.ts'
import { SinkQueue } from './queue.ts'
import type { SinkRow } from './store.ts'
import { StreamOutput } from './stream-output.ts'
import { syslogOutput } from './syslog-output.ts'

const lease = 'traffic/forwarding'
const leaseSeconds = 15
const roundMs = 3_000
const fields = [...columnsByField.keys()]

interface Running {
  row: SinkRow
  queue: SinkQueue
  stop: () => void
  /** What the state store already knows. */
  told: { sent: number; failed: number; lastError: string }
}

/** Runs the sinks of all organizations, on the one replica that holds the lease. */
export class Forwarding {
  private readonly state: State['db']
  private readonly db: TrafficDb
  private readonly live: Live
  private readonly owner = randomUUID()
  private readonly running = new Map<string, Running>()
  private readonly timer: NodeJS.Timeout
  private round: Promise<void> = Promise.resolve()
  private closed = false

  constructor(state: State['db'], live: Live) {
    this.state = state
    this.db = trafficDb(state)
    this.live = live
    this.timer = setInterval(() => void this.refresh(), roundMs)
    this.timer.unref()
    void this.refresh()
  }

  /** Brings what runs in line with what is kept; one round at a time. A state store that is away changes nothing. */
  refresh(): Promise<void> {
    this.round = this.round.then(() => this.once()).catch(() => {})
    return this.round
  }

  async close(): Promise<void> {
    this.closed = true
    clearInterval(this.timer)
    await this.round
    await Promise.all([...this.running.keys()].map((id) => this.end(id)))
    await this.state
      .deleteFrom('leases')
      .where('name', '=', lease)
      .where('owner', '=', this.owner)
      .execute()
      .catch(() => {})
  }

  private async once(): Promise<void> {
    if (this.closed) return
    const mine = await holdLease(this.state, lease, this.owner, leaseSeconds)
    const rows = mine ? await this.db.selectFrom('sinks').selectAll().where('enabled', '=', true).execute() : []
    const wanted = new Map(rows.map((row) => [row.id, row]))
    for (const [id, { row }] of this.running) {
      if (wanted.get(id)?.updatedAt.getTime() !== row.updatedAt.getTime()) await this.end(id)
    }
    for (const row of rows) if (!this.running.has(row.id)) this.running.set(row.id, this.begin(row))
    for (const running of this.running.values()) await this.tell(running)
  }

  private begin(row: SinkRow): Running {
    const options: LineOptions = { format: row.format, prefix: row.prefix, fields }
    const queue = new SinkQueue(outputOf(row, formatHeader(options)))
    const stop = this.live.listen({
      scope: { org: row.org },
      query: parseQuery(row.query),
      fields,
      take: (accesses) => queue.push(accesses.map((access) => lineOf(access, options))),
      miss: (count) => queue.miss(count),
    })
    return { row, queue, stop, told: { sent: 0, failed: 0, lastError: row.lastError } }
  }

  private async end(id: string): Promise<void> {
    const running = this.running.get(id)!
    this.running.delete(id)
    running.stop()
    await running.queue.close()
    await this.tell(running)
  }

  /** Adds what happened since the last round to the counts in the state store. */
  private async tell({ row, queue, told }: Running): Promise<void> {
    const { sent, failed, lastError } = queue
    if (sent === told.sent && failed === told.failed && lastError === told.lastError) return
    await this.db
      .updateTable('sinks')
      .set({ sent: sql`sent + ${sent - told.sent}`, failed: sql`failed + ${failed - told.failed}`, lastError })
      .where('id', '=', row.id)
      .execute()
    Object.assign(told, { sent, failed, lastError })
  }
}

function outputOf({ kind, target }: SinkRow, header: string | undefined): Output {
  switch (kind) {
    case 'stdout':
      return new StreamOutput(process.stdout, header)
    case 'file':
      return new FileOutput(target, header)
    case 'syslog':
      return syslogOutput(target, header)
    case 'otlp':
      return new OtlpOutput(target, header)
  }
}

/** A line with all fields; in formats whose lines name their fields, what is absent is left out. */
function lineOf(access: Access, options: LineOptions): Line {
  const present = (value: Access[string]) => value !== '' && value !== undefined && !(typeof value === 'object' && Object.keys(value).length === 0)
  const shown = options.format === 'csv' ? access : (Object.fromEntries(Object.entries(access).filter(([, value]) => present(value))) as Access)
  return { text: formatLine(shown, options), us: microseconds(String(access.ts)), traceId: String(access['trace.id']), spanId: String(access['span.id']) }
}
