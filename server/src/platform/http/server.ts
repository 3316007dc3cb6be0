import { batchLimits, type Route } from '@panoptes/contract'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, LogController } from 'fastify'
import { answerUnknown, sendError } from './error-answer.ts'
import type { Change } from './implement.ts'
import { type Authenticate, nobody, type Principal } from './principal.ts'

declare module 'fastify' {
  interface FastifyInstance {
    panoptes: {
      routes: Route[]
      authenticate: Authenticate
      strict: boolean
      rawBodyLimit: number
      /** Answers addresses of the web console; undefined for all others. */
      console?: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | undefined
    }
  }
  interface FastifyRequest {
    principal: Principal
    change: Change | undefined
    errorCode: string | undefined
  }
  interface FastifyContextConfig {
    route?: Route
  }
}

export interface HttpOptions {
  log: FastifyBaseLogger
  authenticate: Authenticate
  /** Answers that break their schema are errors: on in development and tests. */
  strict: boolean
  tls?: { cert: string; key: string }
  /** Told of every request that may change something, before it is answered. */
  audit?: (request: FastifyRequest, change: Change | undefined, outcome: { status: number; code: string | null }) => Promise<void>
  /** Believe X-Forwarded-For of these proxies (addresses or CIDRs, comma-separated). */
  trustProxy?: string
}

const megabyte = 1024 * 1024
/** A query of 10,000 letters stands in the address, up to nine bytes each once escaped. */
const maxHeaderSize = 128 * 1024

/** The HTTP server, without routes: ids, limits, error answers and secure headers. Rooms add theirs by `implement`. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const app = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    // The heartbeat of a controller with thousands of proxies is the largest JSON there is.
    bodyLimit: 4 * megabyte,
    // Longer than any address a person shares, shorter than an attack.
    routerOptions: { maxParamLength: 500 },
    requestTimeout: 60_000,
    keepAliveTimeout: 65_000,
    forceCloseConnections: true,
    genReqId: () => crypto.randomUUID(),
    ...(options.trustProxy ? { trustProxy: options.trustProxy.split(',') } : {}),
    ...(options.tls ? { https: { ...options.tls, minVersion: 'TLSv1.2' as const, maxHeaderSize } } : { http: { maxHeaderSize } }),
  }) as FastifyInstance
  app.decorate('panoptes', {
    routes: [],
    authenticate: options.authenticate,
    strict: options.strict,
    rawBodyLimit: batchLimits.maxBytes + megabyte,
  })
  app.decorateRequest('principal')
  app.decorateRequest('change')
  app.decorateRequest('errorCode')
  app.addHook('onRequest', async (request, reply) => {
    request.principal = nobody
    for (const [name, value] of secureHeaders) reply.header(name, value)
    if (options.tls) reply.header('strict-transport-security', 'max-age=31536000')
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store')
    reply.header('x-request-id', request.id)
  })
  app.addHook('onSend', async (request, reply, payload) => {
    const route = request.routeOptions.config?.route
    if (!options.audit || !route || route.method === 'GET' || unaudited.has(route.operationId)) return payload
    await options.audit(request, request.change, { status: reply.statusCode, code: request.errorCode ?? null })
    return payload
  })
  app.setErrorHandler(sendError)
  app.setNotFoundHandler((request, reply) => app.panoptes.console?.(request, reply) ?? answerUnknown(app, request, reply))
  return app
}

/** What controllers do all day, of which the record itself is the log; and a question that is too long for an address. */
const unaudited: ReadonlySet<string> = new Set(['sendBatch', 'sendHeartbeat', 'previewEnvironment'])

const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self'",
  // Mantine and uPlot set style attributes.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const secureHeaders: readonly (readonly [string, string])[] = [
  ['content-security-policy', contentSecurityPolicy],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'same-origin'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', 'camera=(), microphone=(), geolocation=()'],
]
