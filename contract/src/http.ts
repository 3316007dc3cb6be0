import type { z } from 'zod'
import type { ErrorCode } from './errors.ts'

/** What a caller must hold to use a route. `public` is the closed list that a test holds. */
export type Scope =
  | 'public'
  | 'controller'
  | 'record:read'
  | 'record:write'
  | 'settings:read'
  | 'settings:write'
  | 'users:read'
  | 'users:write'
  | 'audit:read'
  | 'self'

export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
> {
  /** Stable name: OpenAPI's operationId and the key of the typed client. */
  operationId: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Fastify style, `:name` for parameters. */
  path: string
  summary: string
  tag: string
  scope: Scope
  params?: Params
  query?: Query
  body?: Body
  response: Response
  /** Status of success; 200 unless told otherwise. */
  status?: 200 | 201 | 202 | 204
  /** How the answer travels; `json` unless told otherwise. */
  answers?: 'json' | 'sse' | 'stream'
  /** Media types that a stream can have. */
  mediaTypes?: readonly string[]
  /** Codes that this route answers beside those of every route (PAN0001, PAN0003, PAN0005, PAN0101, PAN0102, PAN0103). */
  errors?: readonly ErrorCode[]
  /** Media type of a request body that is not JSON (it reaches the handler as bytes). */
  bodyType?: string
}

/** Declares one operation of the HTTP API: the server implements it, UI and CLI call it, OpenAPI lists it. */
export function defineRoute<
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
  R extends z.ZodType = z.ZodUndefined,
>(route: Route<P, Q, B, R>): Route<P, Q, B, R> {
  return route
}
