import type { BatchAcknowledged, BatchHeader, StreamName, StreamPosition } from '@panoptes/contract'

/** Who sends: made from the credential, never from the batch. */
export interface IngestPrincipal {
  org: string
  cluster: string
  controller: string
  origin: 'user' | 'demo'
}

export type Ack = BatchAcknowledged

/** A row by dotted field name (`dst.workload`), server columns included. */
export type Row = { [field: string]: unknown }

/** A batch that has just become durable. */
export interface Accepted {
  principal: IngestPrincipal
  header: BatchHeader
  received: Date
  /** First and last moment of its rows, microseconds since 1970. */
  fromUs: number
  untilUs: number
  /** Reads the rows: costs CPU, so only for who wants them. */
  rows: () => Iterable<Row>
}

/** Is told of each batch that became durable. The rows can be read until what it answers settles. */
export type Listener = (accepted: Accepted) => unknown

/** Where each stream of a controller stands; a stream that was never written is absent. */
export type Resume = Partial<Record<StreamName, StreamPosition>>

/** Where each epoch of each stream stands, newest epoch first. */
export type Lanes = Partial<Record<StreamName, StreamPosition[]>>

export interface Problem {
  /** `controller/stream/epoch/seq`, or the name of a part. */
  batch: string
  problem: 'altered' | 'missing' | 'doubled' | 'chain' | 'damaged'
  detail: string
}

export interface Verified {
  batches: number
  rows: number
  /** Batches whose day was removed by the retention: their chain was checked, their rows cannot be. */
  retired: number
  problems: Problem[]
}

export interface RetentionPolicy {
  /** Days that are kept; undefined = for ever. */
  days?: number
  /** Bytes that the record may take; the oldest days go first. */
  bytes?: number
}

export interface Retired {
  day: string
  rows: number
  bytes: number
  why: 'age' | 'size'
}

export interface Extent {
  rows: number
  oldest: Date | null
  newest: Date | null
}

export interface Forecast {
  bytesOnDisk: number
  rows: number
  /** Of the last seven days with traffic. */
  bytesPerDay: number
  freeBytes: number | null
  /** Until the free-space floor is reached; null where nothing arrives or the disk is not ours. */
  daysLeft: number | null
}

export interface Progress {
  done: number
  total: number
}

export interface Work {
  signal?: AbortSignal
  onProgress?: (progress: Progress) => void
}

/** Batches in, exactly once; and what keeps them: checks, retention, backup. */
export interface Ingest {
  /**
   * Stores a batch and answers once it is durable and queryable. A batch that is stored already is acknowledged again.
   * Throws PAN0301 (malformed; set aside), PAN0302 (a hole; field `expected`), PAN0303 (same identity, other content),
   * PAN0304 (schema), PAN0005 (busy or away: send again), PAN0006 (disk).
   * Where `signal` is aborted first nobody waits for the answer, and what is not stored yet is let go of.
   */
  accept(principal: IngestPrincipal, bytes: Uint8Array, signal?: AbortSignal): Promise<Ack>
  /** Where each epoch of each stream stands, read from the ledger. */
  lanes(principal: IngestPrincipal): Promise<Lanes>
  /** Where the newest epoch of each stream stands. */
  resume(principal: IngestPrincipal): Promise<Resume>
  /** Calls back for every batch that has become durable; returns how to stop. */
  subscribe(listener: Listener): () => void
  verify(range: { from?: Date; to?: Date }, work?: Work): Promise<Verified>
  retention(policy: RetentionPolicy, options?: { dryRun?: boolean } & Work): Promise<Retired[]>
  backup(directory: string, work?: Work): Promise<{ rows: number; bytes: number }>
  forecast(): Promise<Forecast>
  /** The accesses of an organization, as far as they were stored and not removed since. */
  extent(org: string): Promise<Extent>
  /** Batches and bytes in work, last errors: for /metrics and the status page. */
  status(): { inFlightBytes: number; accepted: number; rows: number; refused: { [code: string]: number }; diskFull: boolean }
  close(): Promise<void>
}
