import { Readable } from 'node:stream'
import { PanoptesError, type Route } from '@panoptes/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { nobody, type Principal, requireScope } from './principal.ts'

type Out<T> = T extends z.ZodUndefined ? undefined : T extends z.ZodType ? z.output<T> : undefined

/** What a handler gets: checked input, who asks, and a signal that fires when the caller goes away. */
export interface Call<R> {
  params: R extends Route<infer P, z.ZodType, z.ZodType, z.ZodType> ? Out<P> : never
  query: R extends Route<z.ZodType, infer Q, z.ZodType, z.ZodType> ? Out<Q> : never
  /** Bytes where the route declares no schema but a `bodyType`. */
  body: R extends Route<z.ZodType, z.ZodType, infer B, z.ZodType> ? (B extends z.ZodUndefined ? Buffer : Out<B>) : never
  principal: Principal
  signal: AbortSignal
  /** Says what a change is about, for the audit log. Whoever says nothing is logged by path alone. */
  audit: (change: Change) => void
  request: FastifyRequest
  reply: FastifyReply
}

/** What was changed: `kind/id`, and the values before and after, which are flattened to dotted names. */
export interface Change {
  target: string
  before?: object | undefined
  after?: object | undefined
  /** Organization whose log gets the entry, where it is not the principal's. */
  org?: string
}

/**
 * JSON that a room has written itself, because its answer is large or asked for often: sent as it is, checked in tests only. A piece that many
 * answers share is never copied: megabytes a time, copies would keep the collector of garbage busy.
 */
export class Encoded {
  readonly pieces: readonly Buffer[]
  /** Pieces of the JSON in their order. */
  constructor(...pieces: readonly (string | Buffer)[]) {
    this.pieces = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece))
  }
}

type Answer<R> = R extends Route<z.ZodType, z.ZodType, z.ZodType, infer S> ? (S extends z.ZodUndefined ? unknown : z.input<S>) : never

/** A handler answers what the route's response schema takes; for `sse` and `stream` it may answer nothing and use `reply`. */
export type Handler<R extends Route> = (call: Call<R>) => Promise<Answer<R> | Encoded | undefined> | Answer<R> | Encoded

/**
 * Serves one route of the contract: checks the scope, then params, query and body by the route's schemas, and the answer
 * by its response schema. In strict mode (development and tests) an answer that breaks its schema is an error.
 */
export function implement<R extends Route>(app: FastifyInstance, route: R, handler: Handler<R>): void {
  for (const type of route.bodyType ? [route.bodyType, 'application/octet-stream'] : []) {
    if (!app.hasContentTypeParser(type)) app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes))
  }
  app.panoptes.routes.push(route as Route)
  app.route({
    method: route.method,
    url: route.path,
    exposeHeadRoute: false,
    ...(route.bodyType ? { bodyLimit: app.panoptes.rawBodyLimit } : {}),
    config: { route: route as Route },
    // Before the body is read: a stranger's bytes are not worth parsing.
    onRequest: async (request) => {
      request.principal = route.scope === 'public' ? nobody : await app.panoptes.authenticate(request)
      requireScope(request.principal, route.scope)
    },
    handler: async (request, reply) => {
      const input = { params: check(route.params, request.params, 'params'), query: check(route.query, request.query, 'query'), body: bodyOf(route, request) }
      const audit = (change: Change) => {
        request.change = change
      }
      const call = { ...input, principal: request.principal, signal: signalOf(reply), audit, request, reply } as Call<R>
      const answer = await handler(call)
      if (answer === undefined || reply.sent) return reply
      return send(reply, route, answer, app.panoptes.strict)
    },
  })
}

/** Parsed input, or PAN0003 with the field and what it must be. */
function check(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (!schema) return undefined
  const at = zeroIn(value)
  if (at) throw new PanoptesError('PAN0003', `${[where, ...at].join('.')}: a text may not hold the character U+0000`)
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issues = result.error.issues.map((issue) => ({ field: [where, ...issue.path].map(String).join('.'), message: issue.message }))
  throw new PanoptesError('PAN0003', issues.map((issue) => `${issue.field}: ${issue.message}`).join('; '), { issues })
}

/** Where a text holds U+0000, which no PostgreSQL takes; undefined where none does. */
function zeroIn(value: unknown): string[] | undefined {
  if (typeof value === 'string') return value.includes('\0') ? [] : undefined
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const at = key.includes('\0') ? [] : zeroIn(inner)
    if (at) return [key, ...at]
  }
  return undefined
}

function bodyOf(route: Route, request: FastifyRequest): unknown {
  if (!route.bodyType) return check(route.body, request.body, 'body')
  if (Buffer.isBuffer(request.body)) return request.body
  throw new PanoptesError('PAN0009', `this route takes ${route.bodyType}`, { mediaType: route.bodyType })
}

function signalOf(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new PanoptesError('PAN0003', 'the caller went away'))
  })
  return controller.signal
}

function send(reply: FastifyReply, route: Route, answer: unknown, strict: boolean): FastifyReply {
  if (route.answers === 'sse' || route.answers === 'stream') return reply.send(answer)
  reply.code(route.status ?? 200).type('application/json; charset=utf-8')
  if (answer instanceof Encoded) {
    const { pieces } = answer
    if (strict) checkAnswer(route, JSON.parse(Buffer.concat(pieces).toString()))
    reply.header(
      'content-length',
      pieces.reduce((sum, piece) => sum + piece.length, 0),
    )
    return reply.send(pieces.length === 1 ? pieces[0] : Readable.from(pieces))
  }
  return reply.send(JSON.stringify(strict ? checkAnswer(route, answer) : tolerate(reply, route, answer)))
}

/** Outside of tests a wrong answer is better than none, but not a secret. */
function tolerate(reply: FastifyReply, route: Route, answer: unknown): unknown {
  const result = route.response.safeParse(answer)
  if (result.success) return result.data
  reply.log.error({ operation: route.operationId, issues: result.error.issues }, 'an answer breaks its schema')
  return answer
}

function checkAnswer(route: Route, answer: unknown): unknown {
  const result = route.response.safeParse(answer)
  if (result.success) return result.data
  throw new Error(`${route.operationId} answered what its schema does not allow: ${result.error.message}`)
}
