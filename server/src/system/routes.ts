import { PanoptesError, type Source, systemRoutes } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { homeOrganization } from '../access/index.ts'
import type { Ingest } from '../ingest/index.ts'
import { implement } from '../platform/http/index.ts'
import { diagnoseAll } from './diagnosis.ts'
import { listReporters } from './reporters.ts'
import { getSettings, updateSettings } from './settings.ts'
import { sourcesOf } from './sources.ts'
import { sparing } from './sparing.ts'
import { type StatusDeps, statusOf } from './status.ts'

export interface SystemDeps extends Omit<StatusDeps, 'forecast' | 'extent'> {
  ingest: Pick<Ingest, 'status' | 'forecast' | 'extent'>
  /** Stops the demo bank and removes its controllers and rows; returns how many. */
  removeDemo: () => Promise<{ controllers: number; rows: number }>
  /** Told after a change of the settings. */
  onSettings: () => void
}

/** How old the number of rows may be that a status tells. */
const extentMs = 8_000

/** How the server is, what reports to it, and its settings. */
export function registerSystem(app: FastifyInstance, deps: SystemDeps): void {
  const { db } = deps.state
  const forecast = sparing(() => deps.ingest.forecast())
  const status: StatusDeps = { ...deps, forecast: () => forecast(''), extent: sparing((org) => deps.ingest.extent(org), extentMs) }

  implement(app, systemRoutes.getStatus, async ({ principal }) => {
    const [settings, reporters] = await Promise.all([getSettings(db, homeOrganization), listReporters(db, principal.org)])
    return statusOf(status, principal.org, settings, reporters)
  })

  implement(app, systemRoutes.listSources, async ({ principal, query }) => {
    const reporters = await listReporters(db, principal.org)
    const found = sourcesOf(reporters)
      .filter((source) => matches(source, query))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    const rest = found.filter((source) => query.cursor === undefined || source.id > query.cursor)
    const sources = rest.slice(0, query.limit)
    return { sources, next: rest.length > query.limit ? (sources.at(-1)?.id ?? null) : null, diagnosis: diagnoseAll(reporters) }
  })

  implement(app, systemRoutes.getSettings, () => getSettings(db, homeOrganization))

  implement(app, systemRoutes.updateSettings, async ({ body, principal, audit }) => {
    // Disk and retention are the server's, not an organization's.
    if (principal.org !== homeOrganization) throw new PanoptesError('PAN0103', 'only the first organization changes the settings', { scope: 'settings:write' })
    const { before, after } = await updateSettings(db, homeOrganization, body)
    audit({ target: `settings/${homeOrganization}`, before, after })
    deps.onSettings()
    return after
  })

  implement(app, systemRoutes.removeDemo, async ({ principal, audit }) => {
    if (principal.org !== homeOrganization) throw new PanoptesError('PAN0103', 'the demo belongs to the first organization', { scope: 'settings:write' })
    const removed = await deps.removeDemo()
    audit({ target: 'demo/bank', before: removed })
    return removed
  })
}

type SourceQuery = NonNullable<(typeof systemRoutes.listSources)['query']>['_output']

function matches(source: Source, query: SourceQuery): boolean {
  if (query.cluster !== undefined && source.cluster !== query.cluster) return false
  if (query.origin !== 'all' && source.origin !== query.origin) return false
  if (query.state !== undefined && source.state !== query.state) return false
  const text = query.text?.toLowerCase()
  return text === undefined || `${source.proxy} ${source.controller}`.toLowerCase().includes(text)
}
