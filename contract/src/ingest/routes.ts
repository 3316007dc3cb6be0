import { z } from 'zod'
import { AdmissionOrders, AdmissionReport } from '../clusters/admission.ts'
import { ClusterReport } from '../clusters/report.ts'
import { defineRoute } from '../http.ts'
import { batchMediaType, streamNames } from '../record/batch.ts'

const streamName = z.enum(streamNames)
const count = z.number().int().nonnegative()
const name = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/, 'letters, digits, dot, dash and underscore, at most 64')
const secret = z.string().min(16).max(256)

/** Header of batches and heartbeats: the session that `openSession` answered. A batch without the newest one is refused (PAN0107). */
export const sessionHeader = 'panoptes-session'

/** Where a stream stands in the record: the last batch that is durable there. */
export const StreamPosition = z.object({ epoch: count, seq: count }).strict()
export type StreamPosition = z.infer<typeof StreamPosition>

export const BatchAcknowledged = z
  .object({
    stream: streamName,
    epoch: count,
    /** Every batch of this epoch up to this one is durable and queryable. */
    acknowledged: count,
  })
  .strict()
export type BatchAcknowledged = z.infer<typeof BatchAcknowledged>

/** Goes with PAN0302, beside code and detail: the batch that the server takes next. */
export const BatchExpected = z.object({ expected: StreamPosition })
export type BatchExpected = z.infer<typeof BatchExpected>

export const Enrolment = z
  .object({
    /** Works once. */
    token: secret,
    name,
    /** Random id that the controller made for its data folder. */
    instance: z.uuid(),
  })
  .strict()
export type Enrolment = z.infer<typeof Enrolment>

export const Enrolled = z
  .object({
    controller: z.string().min(1),
    /** The controller's own key, from now on its Bearer token. Shown this once. */
    key: secret,
    cluster: z.string().min(1),
    org: z.string().min(1),
  })
  .strict()
export type Enrolled = z.infer<typeof Enrolled>

export const SessionRequest = z
  .object({
    instance: z.uuid(),
    /** The ticket of the session before, empty at the first one. */
    ticket: z.union([secret, z.literal('')]),
    /** Fresh and random, on the controller's disk before it is sent: takes the place of `ticket` once the server has seen it. */
    next: secret,
    /** Random id of the running process: two that share a data folder are told apart by it. */
    process: z.uuid().optional(),
    version: z.string().max(64),
  })
  .strict()
export type SessionRequest = z.infer<typeof SessionRequest>

export const Session = z
  .object({
    /** Goes into the header `panoptes-session` of every batch and heartbeat. */
    session: z.string().min(1).max(256),
    /** Where each stream stands, newest epoch; a stream that was never written is absent. */
    resume: z.partialRecord(streamName, StreamPosition),
    /** Where each epoch of each stream stands, newest epoch first: a controller that catches up has several on their way. */
    lanes: z.partialRecord(streamName, z.array(StreamPosition)),
  })
  .strict()
export type Session = z.infer<typeof Session>

/** One proxy as the controller sees it: the answer to "why do I see nothing?". */
export const SourceState = z
  .object({
    proxy: z.string().max(1024),
    /** How it speaks: access log service, OTLP, or metrics alone. */
    kind: z.enum(['als', 'otlp', 'metrics']),
    version: z.string().max(256),
    /** contradicted: it showed a certificate, and says that it is somebody else. */
    auth: z.enum(['mtls', 'none', 'contradicted']),
    streams: count,
    /** When the last message came; null while a stream is open that has sent none. */
    lastMessage: z.iso.datetime().nullable(),
    /** When the last sample of its own counters came; null = never: completeness is unknown. */
    lastCounters: z.iso.datetime().nullable(),
    entries: count,
    entriesPerSecond: z.number().nonnegative(),
    /** Messages or entries that could not be read, by reason. */
    errors: z.record(z.string().max(64), count),
  })
  .strict()
export type SourceState = z.infer<typeof SourceState>

export const SpoolState = z
  .object({
    bytes: count,
    maxBytes: count,
    batches: count,
    /** When the oldest batch that waits was sealed; null = nothing waits. */
    oldest: z.iso.datetime().nullable(),
    /** Rows dropped since the controller started, by reason. */
    dropped: z.record(z.string().max(64), count),
    /** What hinders it right now, as "disk full"; empty = nothing. */
    trouble: z.string().max(1024),
  })
  .strict()
export type SpoolState = z.infer<typeof SpoolState>

export const Heartbeat = z
  .object({
    version: z.string().max(64),
    started: z.iso.datetime(),
    sources: z.array(SourceState).max(10_000),
    spool: SpoolState,
    /** Of a controller that looks at a cluster. */
    cluster: ClusterReport.optional(),
    /** Of a controller that answers admission. */
    admission: AdmissionReport.optional(),
  })
  .strict()
export type Heartbeat = z.infer<typeof Heartbeat>

export const HeartbeatAnswer = z
  .object({
    now: z.iso.datetime(),
    /** A new key, while a rotation is asked for: write it to disk, then use it. The old one works until the new one was used. */
    key: secret.optional(),
    /** To a controller that has told of its admission. */
    admission: AdmissionOrders.optional(),
  })
  .strict()
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>

/** Exchanges a one-time enrolment token for a controller's own key. Needs no other credential. */
export const enrolController = defineRoute({
  operationId: 'enrolController',
  method: 'POST',
  path: '/api/v1/ingest/enrolments',
  summary: 'Exchange an enrolment token for a controller key',
  tag: 'ingest',
  scope: 'public',
  errors: ['PAN0104', 'PAN0106'],
  body: Enrolment,
  response: Enrolled,
  status: 201,
})

/**
 * Opens the controller's session and tells where to go on. The server takes a `ticket` that equals the stored one, or a
 * stored one that equals `next` (its answer was lost); anything else is a copied key: PAN0107.
 */
export const openSession = defineRoute({
  operationId: 'openSession',
  method: 'POST',
  path: '/api/v1/ingest/sessions',
  summary: 'Open the session of a controller',
  tag: 'ingest',
  scope: 'controller',
  errors: ['PAN0107', 'PAN0515'],
  body: SessionRequest,
  response: Session,
  status: 201,
})

/** Every five seconds: how the sources and the spool are. Needs the session header. */
export const sendHeartbeat = defineRoute({
  operationId: 'sendHeartbeat',
  method: 'POST',
  path: '/api/v1/ingest/heartbeats',
  summary: 'Tell how the sources and the spool of a controller are',
  tag: 'ingest',
  scope: 'controller',
  errors: ['PAN0107'],
  body: Heartbeat,
  response: HeartbeatAnswer,
})

/**
 * Takes one batch or a list of consecutive ones, in order per epoch and stream; answers once they are durable and queryable. A
 * batch that is stored already (same sha256) is acknowledged again. Of a list that is good only in its beginning, that much is
 * acknowledged. PAN0302 names the one expected; PAN0301, PAN0303 and PAN0304 are final, and are about the first batch.
 * Needs the session header.
 */
export const sendBatch = defineRoute({
  operationId: 'sendBatch',
  method: 'POST',
  path: '/api/v1/ingest/batches',
  summary: 'Store batches of rows',
  tag: 'ingest',
  scope: 'controller',
  errors: ['PAN0004', 'PAN0006', 'PAN0107', 'PAN0301', 'PAN0302', 'PAN0303', 'PAN0304'],
  bodyType: batchMediaType,
  response: BatchAcknowledged,
})

export const ingestRoutes = { enrolController, openSession, sendHeartbeat, sendBatch }
