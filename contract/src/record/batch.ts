import { z } from 'zod'
import { accessColumns } from './accesses.ts'
import type { Column } from './column.ts'
import { containerColumns } from './containers.ts'
import { decisionColumns } from './decisions.ts'
import { gapColumns } from './gaps.ts'
import { ipLeaseColumns } from './ip-leases.ts'
import { objectColumns } from './objects.ts'
import { proxyCounterColumns } from './proxy-counters.ts'

/** Version of the batch's columns. The server accepts this one and the two before it. */
export const batchSchema = 1

/** The streams that leave a cluster, and the columns of each, in wire order. */
export const streams = {
  accesses: accessColumns,
  proxy_counters: proxyCounterColumns,
  gaps: gapColumns,
  containers: containerColumns,
  objects: objectColumns,
  ip_leases: ipLeaseColumns,
  decisions: decisionColumns,
} as const satisfies Record<string, readonly Column[]>

export type StreamName = keyof typeof streams
export const streamNames = Object.keys(streams) as StreamName[]

/** Limits that both sides hold. */
export const batchLimits = { maxRows: 65_536, maxBytes: 16 * 1024 * 1024, maxRawBytes: 128 * 1024 * 1024 } as const

/**
 * A batch on the wire and in the spool:
 * `PNB1`, uint32 LE length of the header, the header as UTF-8 JSON, then the payload: zstd of one ClickHouse `Native`
 * block whose columns are those of the stream, in order, with LowCardinality dictionaries.
 */
export const batchMagic = 'PNB1'

/**
 * Several batches in one message: `PNBS`, then for each uint32 LE length and the batch. They are consecutive ones of one epoch and
 * stream: what has gathered while the message before was under way goes together, and into the record together.
 */
export const batchListMagic = 'PNBS'
export const batchMediaType = 'application/vnd.panoptes.batch'

export const BatchHeader = z
  .object({
    schema: z.number().int().min(1),
    stream: z.enum(['accesses', 'proxy_counters', 'gaps', 'containers', 'objects', 'ip_leases', 'decisions']),
    /** UTC day of every row's ts. */
    day: z.iso.date(),
    epoch: z.number().int().nonnegative(),
    /** From 1, without holes, per epoch and stream. */
    seq: z.number().int().positive(),
    rows: z.number().int().positive().max(batchLimits.maxRows),
    /** Length of the payload once decompressed. */
    rawBytes: z.number().int().positive().max(batchLimits.maxRawBytes),
    /** Of the compressed payload, hex. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /** sha256 of the batch before it in this epoch and stream; empty for the first. */
    prev: z.string().regex(/^([0-9a-f]{64})?$/),
  })
  .strict()
export type BatchHeader = z.infer<typeof BatchHeader>
