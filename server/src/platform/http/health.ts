import type { FastifyInstance } from 'fastify'
import { requireScope } from './principal.ts'

export interface Health {
  /** Names of the stores and whether each answers. */
  ready: () => Promise<Record<string, boolean>>
  /** Metrics in Prometheus' text form. */
  metrics: () => Promise<{ type: string; text: string }>
}

/**
 * `/healthz`: the process lives. `/readyz`: its stores answer (503 while one does not). Both are open and say no more than
 * that. `/metrics` needs a token with settings:read, as names of clusters are in it.
 */
export function serveHealth(app: FastifyInstance, health: Health): void {
  app.get('/healthz', { exposeHeadRoute: true }, async () => ({ status: 'ok' }))

  app.get('/readyz', { exposeHeadRoute: true }, async (_request, reply) => {
    const stores = await health.ready()
    const ready = Object.values(stores).every(Boolean)
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', stores })
  })

  app.get('/metrics', async (request, reply) => {
    requireScope(await app.panoptes.authenticate(request), 'settings:read')
    const { type, text } = await health.metrics()
    return reply.type(type).send(text)
  })
}
