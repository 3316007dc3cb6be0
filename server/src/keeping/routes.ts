import { getJob, listJobs, PanoptesError, type Settings, startBackup, startRetention, startVerify, stopJob } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import type { Ingest, RetentionPolicy } from '../ingest/index.ts'
import { implement, type Principal } from '../platform/http/index.ts'
import { type BackupDeps, backUp, checkBackupFolder } from './backup.ts'
import type { Jobs } from './jobs.ts'

export interface KeepingDeps extends BackupDeps {
  jobs: Jobs
  ingest: Pick<Ingest, 'verify' | 'retention' | 'backup'>
  settings: () => Promise<Settings>
  /** The organization whose people keep the server. */
  home: string
}

/** Verifying, backing up and retiring the record: long work, seen and stopped from every replica. */
export function registerKeeping(app: FastifyInstance, deps: KeepingDeps): void {
  const { jobs, ingest } = deps
  // The record is kept as a whole, so this is for the organization that runs the server.
  const home = (principal: Principal) => {
    if (principal.org !== deps.home) throw new PanoptesError('PAN0103', 'the record as a whole is kept by the first organization', { scope: 'record:read' })
    return principal.org
  }

  implement(app, startVerify, async ({ body, principal, audit }) => {
    const range = { ...momentOf(body.from, 'from'), ...momentOf(body.to, 'to') }
    const job = await jobs.start(home(principal), 'verify', async (work) => {
      const { batches, rows, retired, problems } = await ingest.verify(range, work)
      const outcome = problems.length === 0 ? 'all as they were stored' : `${problems.length} with problems`
      return { summary: `${batches} batches with ${rows} rows checked, ${retired} of retired days: ${outcome}.`, problems: problems.slice(0, 1_000) }
    })
    audit({ target: `job/${job.id}`, after: { kind: job.kind, from: body.from ?? null, to: body.to ?? null } })
    return job
  })

  implement(app, startBackup, async ({ body, principal, audit }) => {
    await checkBackupFolder(body.directory)
    const job = await jobs.start(home(principal), 'backup', async (work) => {
      const { record, state } = await backUp(deps, body.directory, work)
      return { summary: `${record.rows} rows (${record.bytes} bytes) and ${state.rows} rows of state are in ${body.directory}.` }
    })
    audit({ target: `job/${job.id}`, after: { kind: job.kind, directory: body.directory } })
    return job
  })

  implement(app, startRetention, async ({ body, principal, audit }) => {
    const policy = policyOf((await deps.settings()).retention)
    const job = await jobs.start(home(principal), 'retention', async (work) => {
      const retired = await ingest.retention(policy, { ...work, dryRun: body.dryRun })
      const rows = retired.reduce((sum, one) => sum + one.rows, 0)
      const days = [...new Set(retired.map((one) => one.day))].join(', ')
      return { summary: retired.length === 0 ? 'Nothing to remove.' : `${body.dryRun ? 'Would remove' : 'Removed'} ${rows} rows of ${days}.` }
    })
    audit({ target: `job/${job.id}`, after: { kind: job.kind, dryRun: body.dryRun, ...policy } })
    return job
  })

  implement(app, listJobs, async ({ principal }) => ({ jobs: await jobs.list(principal.org) }))
  implement(app, getJob, ({ params, principal }) => jobs.get(principal.org, params.id))
  implement(app, stopJob, async ({ params, principal, audit }) => {
    audit({ target: `job/${params.id}` })
    return jobs.stop(principal.org, params.id)
  })
}

/** Days and bytes to keep; what is null has no limit. */
export function policyOf({ days, bytes }: Settings['retention']): RetentionPolicy {
  return { ...(days !== null ? { days } : {}), ...(bytes !== null ? { bytes } : {}) }
}

function momentOf(text: string | undefined, name: 'from' | 'to'): { [key in typeof name]?: Date } {
  if (text === undefined) return {}
  const relative = /^-(\d+)([smhd])$/.exec(text)
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[relative?.[2] ?? 's'] ?? 1_000
  const time = text === 'now' ? Date.now() : relative ? Date.now() - Number(relative[1]) * unit : Date.parse(text)
  if (Number.isNaN(time) || Math.abs(time) > 8.64e15)
    throw new PanoptesError('PAN0003', `body.${name}: must be a time as 2026-03-03T14:05:00Z, or relative as -2h`)
  return { [name]: new Date(time) }
}
