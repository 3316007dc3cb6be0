import type { Readable } from 'node:stream'
import { PanoptesError } from '@panoptes/contract'
import type { AskOptions, Lookup, Params, StreamFormat } from '../platform/record/index.ts'

/** Whose rows a principal may see: every question to the record is confined to it. */
export interface Scope {
  org: string
  /** Absent = all of the organization. */
  clusters?: readonly string[]
  namespaces?: readonly string[]
  origin?: 'user' | 'demo'
}

/** The record as one principal may see it. */
export interface Reader {
  query<T>(sql: string, params?: Params, options?: AskOptions): Promise<T[]>
  columns<T extends { [column: string]: unknown[] }>(sql: string, params?: Params, options?: AskOptions): Promise<T>
  stream(sql: string, format: StreamFormat, params?: Params, options?: AskOptions): Promise<Readable>
  /** True where rows are told apart by organization and origin alone. */
  readonly broad?: boolean
  /** A look-up as a table, of all rows whosever they are, where it has every row; see RecordReader. */
  lookup?: (name: Lookup) => Promise<string | undefined>
  /** Resolves when nobody has asked anything for a moment, or after a while: for work that can wait. */
  calm?: () => Promise<void>
  /** How often rows were taken away (or brought back) since the start: what was kept of answers is then no longer true. */
  removals?: () => number
}

/** What a question may take at most. */
export const limits = { maxSeconds: 30, maxMemory: 1_500_000_000, maxThreads: 2 } as const

/** Settings of a search for few rows: the wide columns are read only for the rows that are answered, and kept for the next who looks there. */
export const fewRows = { query_plan_max_limit_for_lazy_materialization: 10_000, use_uncompressed_cache: 1 } as const

/** Settings of a statement that a roll-up may answer. Looking whether one does takes as long as a small question: others do not look. */
export const rollups = { optimize_use_projections: 1 } as const

/** Limits and the caller's signal for one question. */
export function ask(signal: AbortSignal | undefined, settings: Record<string, string | number> = {}): AskOptions {
  if (signal?.aborted) throw signal.reason instanceof Error ? signal.reason : new PanoptesError('PAN0003', 'the caller went away')
  return { ...limits, ...(signal ? { signal } : {}), settings: { optimize_use_projections: 0, ...settings } }
}
