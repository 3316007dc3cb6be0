import type { FastifyInstance } from 'fastify'
import { createTraffic, type TrafficDeps } from './deps.ts'
import { registerMap } from './map-routes.ts'
import { registerRecord } from './record-routes.ts'
import { Forwarding } from './sinks/forwarding.ts'
import { registerSinks } from './sinks/routes.ts'

export type { TrafficDeps } from './deps.ts'
export type { Reader, Scope } from './reader.ts'

/** Serves the questions to the record: search, facets, series, export, live view, map, completeness, saved searches. */
export function registerTraffic(app: FastifyInstance, deps: TrafficDeps): void {
  const traffic = createTraffic(deps)
  registerRecord(app, traffic)
  registerMap(app, traffic)
  const forwarding = new Forwarding(deps.db, traffic.live)
  registerSinks(app, traffic.db, forwarding)
  app.addHook('onClose', async () => {
    await forwarding.close()
    traffic.live.close()
    traffic.marks.close()
    traffic.maps?.close()
  })
}
