import { z } from 'zod'

/** A moment: ISO 8601 with offset, or relative to now (`now`, `-15m`, `-2h`, `-7d`). */
export const Moment = z.string().min(1).max(40).describe('ISO 8601 time with offset, or relative to now: now, -15m, -2h, -7d')

/** Which accesses: a query (see docs/query.md) and a half-open window [from, to). */
export const Window = z.object({
  query: z.string().max(10_000).default('').describe('Query language, see docs/query.md; empty = everything'),
  from: Moment.default('-15m'),
  to: Moment.default('now'),
  environment: z
    .string()
    .max(300)
    .optional()
    .describe('Id or name of an environment: only accesses with an end in a namespace of it, as they were in the window'),
  origin: z.enum(['user', 'demo', 'all']).default('all').describe('Evidence of the user, of the demo bank, or both'),
})

/**
 * An entry that failed, as a query: a 5xx, a gRPC status that is the server's fault, or no answer for a reason other than the
 * client's going away. What the record counts as errors.
 */
export const failedQuery = 'status>=500 OR grpc.status IN (2, 4, 8, 12, 13, 14, 15) OR status=0 AND flags:* AND flags NOT IN ("-", "DC")'

/** How complete the record is, in a word. */
export const CompletenessState = z
  .enum(['complete', 'incomplete', 'unknown', 'pending', 'nothing-expected'])
  .describe('pending: the newest interval is not settled yet; nothing-expected: the proxies counted nothing, and nothing came')
export type CompletenessState = z.infer<typeof CompletenessState>

/** How complete the record is for the asked window. `missed` and `ratio` are null where nobody can know: unknown is never 100 %. */
export const Completeness = z
  .object({
    expected: z.number().int().nullable().describe('Entries the proxies’ own counters say there were'),
    received: z.number().int().describe('Entries the record holds'),
    missed: z.number().int().nullable(),
    ratio: z.number().min(0).max(1).nullable().describe('Received of expected; null where nothing was expected, too'),
    state: CompletenessState,
    sourcesKnown: z.number().int(),
    sourcesUnknown: z.number().int().describe('Sources without counters'),
  })
  .meta({ id: 'Completeness' })
export type Completeness = z.infer<typeof Completeness>

/** Echo of what was asked, with relative times resolved. */
export const Asked = z.object({ query: z.string(), from: z.iso.datetime(), to: z.iso.datetime() })
