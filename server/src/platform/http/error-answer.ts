import { type ErrorCode, errorCatalogue, PanoptesError } from '@panoptes/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Fastify's own errors and what they are in our catalogue. */
const known: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'PAN0009',
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAN0004',
  FST_ERR_NOT_FOUND: 'PAN0002',
}

/** Turns whatever was thrown into an error of the catalogue; what nobody foresaw is PAN0001 and says nothing about the inside. */
export function toPanoptesError(error: unknown): PanoptesError {
  if (error instanceof PanoptesError) return error
  const { code, statusCode, message } = error as { code?: string; statusCode?: number; message?: string }
  const mapped = code === undefined ? undefined : known[code]
  if (mapped) return new PanoptesError(mapped, message ?? mapped, {}, { cause: error })
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new PanoptesError('PAN0003', message ?? 'not valid', {}, { cause: error })
  return new PanoptesError('PAN0001', 'the server failed to answer; its log says why under this request id', {}, { cause: error })
}

/** The body of every error answer. */
export function errorBody(error: PanoptesError, requestId: string): Record<string, unknown> {
  const entry = errorCatalogue.get(error.code)
  return { ...error.fields, code: error.code, title: entry?.title ?? '', detail: error.message, hint: entry?.hint ?? '', requestId }
}

export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toPanoptesError(error)
  if (known.code === 'PAN0001') request.log.error({ err: known.cause ?? error }, 'request failed')
  else request.log.debug({ code: known.code, detail: known.message }, 'request refused')
  request.errorCode = known.code
  const retryAfter = known.fields.retryAfterS
  if (typeof retryAfter === 'number') reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfter))))
  if (known.status === 401) reply.header('www-authenticate', 'Bearer')
  // An answer is never kept from a request that was refused half-read.
  if (known.status === 413) reply.header('connection', 'close')
  return reply
    .code(known.status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(errorBody(known, request.id)))
}

/** Answers unknown addresses: 405 where another method exists there, else PAN0002. */
export function answerUnknown(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?')[0] ?? ''
  const allowed = app.panoptes.routes.filter((route) => matches(route.path, path)).map((route) => route.method)
  if (allowed.length === 0) return sendError(new PanoptesError('PAN0002', `${request.method} ${path} does not exist`), request, reply)
  const allow = [...new Set(allowed)].join(', ')
  reply.header('allow', allow)
  return sendError(new PanoptesError('PAN0010', `${path} takes ${allow}`, { allow }), request, reply)
}

function matches(pattern: string, path: string): boolean {
  const want = pattern.split('/')
  const have = path.split('/')
  return want.length === have.length && want.every((part, at) => (part.startsWith(':') ? have[at] !== '' : part === have[at]))
}
