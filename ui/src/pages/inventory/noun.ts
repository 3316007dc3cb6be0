import type { ClusterAtMoment } from '@panoptes/contract'
import type { ReactNode } from 'react'
import type { TableColumn } from '../../table/index.ts'

/** What is asked for: a moment, and the part of the whole that the top bar's scope leaves. */
export interface Ask {
  at: string
  environment?: string
  cluster?: string
  namespace?: string
  origin: 'user' | 'demo' | 'all'
  /** Where lives are asked for and not a moment: how far back from it. */
  from?: string
  /** Kinds of the page of all objects. */
  kind?: string
}

export interface RowPage<Row> {
  at: string
  clusters: ClusterAtMoment[]
  rows: Row[]
  total: number
  next: string | null
}

export type Change = 'added' | 'removed' | 'changed'
/** A row of a table; of a comparison, with what became of it. */
export interface Shown<Row> {
  row: Row
  change?: Change
}

export interface Comparison<Row> {
  rows: Shown<Row>[]
  counts: Record<Change, number>
}

/** The workload, namespace or cluster that a row is about: what its accesses are found by. */
export interface Place {
  cluster?: string
  namespace?: string
  workload?: string
  pod?: string
  node?: string
  service?: string
}

/** How times are shown: in which zone, and from which moment on they are ago, ms since 1970. */
export interface Clock {
  utc: boolean
  nowMs: number
}

/** One kind of thing of the inventory: how it is asked for, shown, compared and opened. */
export interface Noun<Row> {
  title: string
  /** In a sentence: `pods`. */
  what: string
  columns: (clock: Clock) => TableColumn<Row>[]
  firstSort?: string
  /** The same for a row and for the drawer's address. */
  keyOf: (row: Row) => string
  placeOf: (row: Row) => Place
  tone?: (row: Row) => 'bad' | 'warn' | undefined
  page: (ask: Ask, cursor: string | undefined, signal: AbortSignal) => Promise<RowPage<Row>>
  compare: (ask: Ask, moments: { from: string; to: string }, signal: AbortSignal) => Promise<Comparison<Row>>
  Side: (props: { open: string }) => ReactNode
  empty: ReactNode
}
