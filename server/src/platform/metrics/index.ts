import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { FastifyInstance } from 'fastify'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export interface Metrics {
  registry: Registry
  /** Lag of the event loop in the last one to two minutes, in ms: how long a request may have had to wait for its turn. */
  eventLoopLag(): { p50: number; p999: number }
  close(): void
}

const resolutionMs = 5
const windowMs = 60_000

function startLag() {
  const lag = monitorEventLoopDelay({ resolution: resolutionMs })
  lag.enable()
  return lag
}

/** Metrics of the process, in Prometheus' form; rooms register theirs in `registry`. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  let last = startLag()
  let current = last
  const turn = setInterval(() => {
    if (last !== current) last.disable()
    last = current
    current = startLag()
  }, windowMs)
  turn.unref()
  // The histogram counts the timer's own period too.
  const ms = (quantile: number) => Math.max(0, Math.max(last.percentile(quantile), current.percentile(quantile)) / 1e6 - resolutionMs)
  const eventLoopLag = () => ({ p50: ms(50), p999: ms(99.9) })

  new Gauge({
    name: 'panoptes_event_loop_lag_seconds',
    help: 'Lag of the event loop in the last one to two minutes, by quantile',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      const { p50, p999 } = eventLoopLag()
      this.set({ quantile: '0.5' }, p50 / 1000)
      this.set({ quantile: '0.999' }, p999 / 1000)
    },
  })
  new Gauge({ name: 'panoptes_build_info', help: 'Version of the server', labelNames: ['version'], registers: [registry] }).set({ version }, 1)
  const close = () => {
    clearInterval(turn)
    last.disable()
    current.disable()
  }
  return { registry, eventLoopLag, close }
}

/** Times every request by operation and status. */
export function measureRequests(app: FastifyInstance, { registry }: Metrics): void {
  const seconds = new Histogram({
    name: 'panoptes_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer',
    labelNames: ['operation', 'status'],
    buckets: [0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30],
    registers: [registry],
  })
  app.addHook('onResponse', async (request, reply) => {
    const operation = request.routeOptions.config?.route?.operationId ?? 'other'
    seconds.observe({ operation, status: String(reply.statusCode) }, reply.elapsedTime / 1000)
  })
}
