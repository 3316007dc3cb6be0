import { z } from 'zod'
import { defineRoute } from '../http.ts'

const tag = 'Keeping'

/** A long piece of work on the server: goes on when the page is closed, can be stopped, ends in a result. */
export const Job = z
  .object({
    id: z.string(),
    kind: z.enum(['verify', 'backup', 'retention', 'scrub']),
    state: z.enum(['running', 'done', 'failed', 'stopped']),
    done: z.number().int(),
    total: z.number().int().nullable(),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    summary: z.string(),
    problems: z.array(z.object({ batch: z.string(), problem: z.string(), detail: z.string() })),
  })
  .meta({ id: 'Job' })

export const startVerify = defineRoute({
  operationId: 'startVerify',
  method: 'POST',
  path: '/api/v1/record/verify',
  summary: 'Recompute the chained checksums of the batches of a time range from the rows',
  tag,
  scope: 'record:read',
  errors: ['PAN0008'],
  body: z.object({ from: z.string().max(40).optional(), to: z.string().max(40).optional() }),
  response: Job,
  status: 202,
})

export const startBackup = defineRoute({
  operationId: 'startBackup',
  method: 'POST',
  path: '/api/v1/record/backups',
  summary: 'Write a backup of both stores into a new folder on the server machine',
  tag,
  scope: 'settings:write',
  errors: ['PAN0006', 'PAN0008'],
  body: z.object({ directory: z.string().min(1).max(1_000) }),
  response: Job,
  status: 202,
})

export const startRetention = defineRoute({
  operationId: 'startRetention',
  method: 'POST',
  path: '/api/v1/record/retention',
  summary: 'Apply the retention now',
  tag,
  scope: 'settings:write',
  errors: ['PAN0008'],
  body: z.object({ dryRun: z.boolean().default(false) }),
  response: Job,
  status: 202,
})

export const listJobs = defineRoute({
  operationId: 'listJobs',
  method: 'GET',
  path: '/api/v1/record/jobs',
  summary: 'Long work, newest first',
  tag,
  scope: 'record:read',
  response: z.object({ jobs: z.array(Job) }),
})

export const getJob = defineRoute({
  operationId: 'getJob',
  method: 'GET',
  path: '/api/v1/record/jobs/:id',
  summary: 'One piece of long work',
  tag,
  scope: 'record:read',
  params: z.object({ id: z.string().max(100) }),
  response: Job,
})

export const stopJob = defineRoute({
  operationId: 'stopJob',
  method: 'DELETE',
  path: '/api/v1/record/jobs/:id',
  summary: 'Stop a piece of long work',
  tag,
  scope: 'settings:write',
  params: z.object({ id: z.string().max(100) }),
  response: Job,
})
