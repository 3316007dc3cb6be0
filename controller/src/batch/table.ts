import { type StreamName, streams } from '@panoptes/contract/ingest'
import { Addresses } from './addresses.ts'
import type { RawBatch } from './batcher.ts'
import { Interner, InternerFull } from './interner.ts'
import { Layout } from './layout.ts'
import { NativeWriter } from './native.ts'
import { Rows } from './rows.ts'
import { writeUuid } from './uuid.ts'

export type Cell = string | number

/** Gathers the rows of a small stream (counters, gaps, Kubernetes), a value per column name. Not for the hot path. */
export class TableBatcher {
  private readonly stream: StreamName
  private readonly layout: Layout
  private readonly interner = new Interner(1 << 14)
  private readonly native: NativeWriter
  private readonly seal: (batch: RawBatch) => void
  private readonly record: Uint32Array
  private rows: Rows
  private day = -1
  private from = Number.POSITIVE_INFINITY
  private until = 0

  constructor(stream: StreamName, seal: (batch: RawBatch) => void) {
    this.stream = stream
    this.layout = new Layout(streams[stream])
    this.native = new NativeWriter(this.interner, new Addresses(this.interner))
    this.seal = seal
    this.record = new Uint32Array(this.layout.width)
    this.rows = new Rows(this.layout)
  }

  /** Adds a row; `ts` and `until` are microseconds since 1970. A row of another day seals what was open. */
  add(row: Record<string, Cell>): void {
    const ts = Number(row.ts)
    const day = Math.floor(ts / 86_400_000_000)
    if (day !== this.day || this.rows.count >= 10_000) this.flush()
    this.day = day
    this.from = Math.min(this.from, ts)
    this.until = Math.max(this.until, ts)
    try {
      this.write(row)
    } catch (error) {
      if (!(error instanceof InternerFull)) throw error
      this.flush()
      this.day = day
      this.write(row)
    }
  }

  /** Seals what is open. */
  flush(): void {
    const { rows } = this
    if (rows.count > 0) {
      const day = new Date(this.day * 86_400_000).toISOString().slice(0, 10)
      this.seal({ stream: this.stream, day, rows: rows.count, from: this.from, until: this.until, proxies: {}, ...this.native.write(rows) })
    }
    rows.clear()
    this.interner.clear()
    this.from = Number.POSITIVE_INFINITY
    this.until = 0
  }

  private write(row: Record<string, Cell>): void {
    const { record } = this
    record.fill(0)
    for (const { column, at } of this.layout.slots) {
      const value = column.name === 'row' ? this.rows.count : (row[column.name] ?? 0)
      if (column.type === 'LowCardinality(String)' || column.type === 'IPv6') record[at] = this.interner.of(String(value || ''))
      else if (column.type === 'UUID') writeUuid(record, at, String(value))
      else if (column.type === 'UInt64' || column.type.startsWith('DateTime64')) {
        const n = Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, Math.floor(Number(value)) || 0))
        record[at] = n >>> 0
        record[at + 1] = Math.floor(n / 4294967296)
      } else if (column.type !== 'String') record[at] = Number(value)
    }
    for (const { column, side } of this.layout.slots) if (column.type === 'String') this.rows.strings[side]!.text(String(row[column.name] ?? ''))
    this.rows.push(record)
  }
}
