import { z } from 'zod'
import { next } from '../access/models.ts'
import { defineRoute } from '../http.ts'
import { Moment } from '../traffic/common.ts'
import { Look } from './look.ts'

const text = z.string().max(300).optional()
export const Verdict = z.enum(['allowed', 'warned', 'denied'])

export const DecisionRow = z
  .object({
    at: z.iso.datetime(),
    cluster: z.string(),
    uid: z.string().describe('Of the review, as the API server names it'),
    verdict: Verdict,
    rule: z.string().describe('exempt: a namespace that is never blocked; empty: no rule had anything against it'),
    mode: z.string().describe('How the rule stood then: off, detect or enforce'),
    dryRun: z.boolean(),
    operation: z.string(),
    kind: z.string(),
    subresource: z.string(),
    namespace: z.string(),
    name: z.string().describe('Ends with - where the API server was yet to give one'),
    owner: z.string().describe('Kind and name of the direct owner; empty = none'),
    user: z.string(),
    images: z.array(z.string()),
    image: z.string().describe('First image that the rule had something against'),
    reason: z.string(),
    message: z.string(),
    tookUs: z.number().int(),
  })
  .meta({ id: 'Decision' })
export type DecisionRow = z.infer<typeof DecisionRow>

export const listDecisions = defineRoute({
  operationId: 'listDecisions',
  method: 'GET',
  path: '/api/v1/decisions',
  summary: 'What admission was asked and what it answered, newest first',
  tag: 'Inventory',
  scope: 'record:read',
  errors: ['PAN0007'],
  query: z.object({
    from: Moment.default('-1h'),
    to: Moment.default('now'),
    cluster: text,
    namespace: text,
    environment: Look.shape.environment,
    user: text,
    image: text.describe('Part of an image that was looked at'),
    uid: z.uuid().optional(),
    verdict: Verdict.optional(),
    origin: z.enum(['user', 'demo', 'all']).default('all'),
    limit: z.coerce.number().int().min(1).max(10_000).default(100),
    cursor: z.string().max(200).optional().describe('From `next` of the answer before'),
  }),
  response: z.object({ decisions: z.array(DecisionRow), next }),
})
