import type { FastifyInstance } from 'fastify'
import { createTraffic, type TrafficDeps } from './deps.ts'
import { registerMap } from './map-routes.ts'
import { registerRecord } from './record-routes.ts'

export type { TrafficDeps } from './deps.ts'
export type { Reader, Scope } from './reader.ts'

/** Serves the questions to the record: search, facets, series, export, live view, map, completeness, saved searches. */
export function registerTraffic(app: FastifyInstance, deps: TrafficDeps): void {
  const traffic = createTraffic(deps)
  registerRecord(app, traffic)
  registerMap(app, traffic)
  app.addHook('onClose', async () => traffic.live.close())
}
