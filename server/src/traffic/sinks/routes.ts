import { trafficRoutes } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { implement } from '../../platform/http/index.ts'
import type { TrafficDb } from '../tables.ts'
import type { Forwarding } from './forwarding.ts'
import { createSink, deleteSink, listSinks, updateSink } from './store.ts'

/** Where accesses are forwarded to. */
export function registerSinks(app: FastifyInstance, db: TrafficDb, forwarding: Forwarding): void {
  implement(app, trafficRoutes.listSinks, async ({ principal }) => ({ sinks: await listSinks(db, principal.org) }))

  implement(app, trafficRoutes.createSink, async ({ principal, body, audit }) => {
    const sink = await createSink(db, principal.org, body)
    audit({ target: `sink/${sink.id}`, after: body })
    await forwarding.refresh()
    return sink
  })

  implement(app, trafficRoutes.updateSink, async ({ principal, params, body, audit }) => {
    const { before, after } = await updateSink(db, principal.org, params.id, body)
    audit({ target: `sink/${params.id}`, before, after })
    await forwarding.refresh()
    return after
  })

  implement(app, trafficRoutes.deleteSink, async ({ principal, params, audit }) => {
    audit({ target: `sink/${params.id}`, before: await deleteSink(db, principal.org, params.id) })
    await forwarding.refresh()
    return { deleted: true as const }
  })
}
