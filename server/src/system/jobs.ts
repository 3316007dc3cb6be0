import { sql } from 'kysely'
import { homeOrganization, sweepAttempts } from '../access/index.ts'
import type { Ingest } from '../ingest/index.ts'
import { policyOf } from '../keeping/index.ts'
import type { Logger } from '../platform/log/index.ts'
import { holdLease, type State } from '../platform/state/index.ts'
import { getSettings } from './settings.ts'

export interface JobDeps {
  state: State
  ingest: Pick<Ingest, 'retention'>
  log: Logger
  /** Name of this replica, for leases. */
  replica: string
}

const minute = 60_000

/** Work that recurs, done by one replica at a time. Returns how to stop, and how to apply the retention at once. */
export function startJobs(deps: JobDeps): { stop: () => void; retain: () => Promise<void> } {
  const { state, log } = deps
  const stopping = new AbortController()

  async function guarded(name: string, seconds: number, work: () => Promise<void>): Promise<void> {
    if (stopping.signal.aborted) return
    try {
      if (await holdLease(state.db, name, deps.replica, seconds)) await work()
    } catch (error) {
      if (!stopping.signal.aborted) log.warn({ err: error, job: name }, 'a recurring job failed; it is tried again')
    }
  }

  const sweep = () =>
    guarded('sweep', 600, async () => {
      await sweepAttempts(state.db)
      await sql`delete from sessions where expires_at < now()`.execute(state.db)
      await sql`delete from verifications where expires_at < now()`.execute(state.db)
      await state.vacuum()
    })
  const retain = () =>
    guarded('retention', 600, async () => {
      const { retention } = await getSettings(state.db, homeOrganization)
      const retired = await deps.ingest.retention(policyOf(retention), { signal: stopping.signal })
      if (retired.length > 0) log.info({ retired }, 'the retention removed old data')
    })

  const timers = [setInterval(() => void sweep(), 20 * minute), setInterval(() => void retain(), 15 * minute)]
  for (const timer of timers) timer.unref()
  return {
    stop: () => {
      for (const timer of timers) clearInterval(timer)
      stopping.abort()
    },
    retain,
  }
}
