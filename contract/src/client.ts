import type { z } from 'zod'
import { type ErrorCode, PanoptesError } from './errors.ts'
import type { Route } from './http.ts'

type In<T> = T extends z.ZodUndefined ? undefined : T extends z.ZodType ? z.input<T> : undefined
type Needs<K extends string, T> = T extends z.ZodUndefined ? { [k in K]?: undefined } : { [k in K]: In<T> }

/** What a call takes: the parts that the route declares. */
export type Input<R> =
  R extends Route<infer P, infer Q, infer B, z.ZodType> ? Needs<'params', P> & Partial<Needs<'query', Q>> & Needs<'body', B> & { signal?: AbortSignal } : never

export type Output<R> = R extends Route<z.ZodType, z.ZodType, z.ZodType, infer Res> ? z.output<Res> : never

export interface ClientOptions {
  /** Address of the server, without a path; empty in the browser. */
  baseUrl: string
  token?: string
  fetch?: typeof fetch
}

/** The address of a call: path with its parameters filled in, and the query string. */
export function urlOf(baseUrl: string, route: Pick<Route, 'path'>, input: { params?: unknown; query?: unknown }): string {
  const params = (input.params ?? {}) as Record<string, unknown>
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name] ?? '')))
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries((input.query ?? {}) as Record<string, unknown>)) {
    if (value !== undefined && value !== null && value !== '') query.set(key, String(value))
  }
  const text = query.toString()
  return `${baseUrl}${path}${text ? `?${text}` : ''}`
}

/** Turns an error answer into the PanoptesError that the server threw. */
export async function errorOf(response: Response): Promise<PanoptesError> {
  const body = (await response.json().catch(() => ({}))) as { code?: string; detail?: string }
  return new PanoptesError((body.code ?? 'PAN0001') as ErrorCode, body.detail ?? `the server answered ${response.status} ${response.statusText}`, {
    ...body,
    httpStatus: response.status,
  })
}

/**
 * The one client of the HTTP API, for UI, CLI, demo and tests: `call(route, {params, query, body})` answers what the route's
 * schema says; `open(…)` gives the raw response, for streams. Throws PanoptesError.
 */
export function createClient(options: ClientOptions) {
  const send = options.fetch ?? fetch

  async function open<R extends Route>(route: R, input: Input<R>): Promise<Response> {
    const parts = input as { params?: unknown; query?: unknown; body?: unknown; signal?: AbortSignal }
    const headers: Record<string, string> = {}
    if (options.token) headers.authorization = `Bearer ${options.token}`
    let body: RequestInit['body']
    if (route.bodyType) {
      headers['content-type'] = route.bodyType
      body = parts.body as RequestInit['body']
    } else if (parts.body !== undefined) {
      headers['content-type'] = 'application/json'
      body = JSON.stringify(parts.body)
    }
    const response = await send(urlOf(options.baseUrl, route, parts), { method: route.method, headers, body, signal: parts.signal ?? null })
    if (!response.ok) throw await errorOf(response)
    return response
  }

  async function call<R extends Route>(route: R, input: Input<R>): Promise<Output<R>> {
    const response = await open(route, input)
    return (response.status === 204 ? undefined : await response.json()) as Output<R>
  }

  return { call, open }
}
export type Client = ReturnType<typeof createClient>
