import { z } from 'zod'
import { Moment } from '../traffic/common.ts'

const text = z.string().max(300).optional()

/** Which part of the inventory, at which moment. */
export const Look = z.object({
  at: Moment.default('now').describe('The moment that is asked about: ISO 8601 with offset, or relative to now'),
  resourceVersion: z.coerce.number().int().min(1).optional().describe('Instead of a moment: the state at this version of one cluster; needs `cluster`'),
  cluster: text,
  namespace: text,
  environment: text.describe('Id or name of an environment: only what is in its namespaces, as they were at the moment'),
  origin: z.enum(['user', 'demo', 'all']).default('all'),
})
