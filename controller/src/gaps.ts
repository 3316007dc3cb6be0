import type { StreamName } from '@panoptes/contract/ingest'
import type { TableBatcher } from './batch/index.ts'
import type { Loss } from './spool/index.ts'

export type GapReason = Loss['reason'] | 'malformed' | 'controller-down' | 'contradicted'

interface Open {
  from: number
  until: number
  missed: number
  unknown: boolean
  detail: string
}

/** Gathers what is known to be missing and writes it, summed per stream, proxy and reason, as rows of `gaps`. */
export class Gaps {
  private readonly table: TableBatcher
  private readonly open = new Map<string, Open>()
  private readonly now: () => number

  constructor(table: TableBatcher, now: () => number) {
    this.table = table
    this.now = now
  }

  /** Counts missing entries; times are microseconds since 1970, now where they are not known. */
  add(stream: StreamName, proxy: string, reason: GapReason, missed: number, detail: string, unknown = false, from = this.now() * 1000, until = from): void {
    const key = JSON.stringify([stream, proxy, reason])
    const open = this.open.get(key)
    if (!open) {
      this.open.set(key, { from, until, missed, unknown, detail })
      return
    }
    open.from = Math.min(open.from, from)
    open.until = Math.max(open.until, until)
    open.missed += missed
    open.unknown ||= unknown
  }

  /** Counts batches that are gone for good. */
  lost(stream: StreamName, loss: Loss): void {
    const detail = details[loss.reason]
    for (const line of loss.lines) {
      let named = 0
      for (const [proxy, rows] of Object.entries(line.proxies)) {
        this.add(stream, proxy, loss.reason, rows, detail, false, line.from, line.until)
        named += rows
      }
      if (named < line.rows) this.add(stream, '', loss.reason, line.rows - named, detail, false, line.from, line.until)
    }
    const unseen = loss.batches - loss.lines.length
    if (unseen > 0) this.add(stream, '', loss.reason, 0, `${detail}; batches of unknown size`, true)
  }

  /** Notes that no controller ran from `since` (milliseconds since 1970) until now. */
  down(since: number): void {
    this.add('accesses', '', 'controller-down', 0, details['controller-down'], true, since * 1000, this.now() * 1000)
  }

  /** Writes the rows. */
  flush(): void {
    for (const [key, { from, until, missed, unknown, detail }] of this.open) {
      const [stream, proxy, reason] = JSON.parse(key) as [string, string, string]
      this.table.add({ ts: from, until, stream, proxy, reason, missed, unknown: unknown ? 1 : 0, detail })
    }
    this.open.clear()
    this.table.flush()
  }
}

const details: Record<Loss['reason'] | 'controller-down', string> = {
  'spool-full': 'the spool was full while the server could not be reached',
  'spool-age': 'waited in the spool longer than allowed',
  'spool-damaged': 'a file of the spool was damaged or missing, or the server refused the batch',
  'controller-down': 'the controller did not run; what the proxies could not keep meanwhile is missed, and counted by them',
  'tail-unknown': 'the server no longer holds batches that it had acknowledged',
}
