import { sleep } from './wait.ts'

/** One access as the HTTP API gives it: dotted names. */
export type Row = { id: string } & Record<string, string | number | Record<string, string>>

export interface Completeness {
  expected: number | null
  received: number
  missed: number | null
  ratio: number | null
  state: 'complete' | 'incomplete' | 'unknown' | 'pending' | 'nothing-expected'
}

export interface CompletenessInterval extends Omit<Completeness, 'ratio'> {
  from: string
  to: string
  note: string
}

export interface CompletenessAnswer {
  total: Completeness
  sources: { cluster: string; controller: string; proxy: string; kind: 'http' | 'tcp'; total: Completeness; intervals: CompletenessInterval[] }[]
  gaps: { from: string; to: string; controller: string; proxy: string; stream: string; reason: string; missed: number | null; detail: string }[]
}

/** An answer that is no success. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, text: string) {
    super(`${status}: ${text.slice(0, 500)}`)
    this.status = status
    this.code = /"code":"(PAN\d+)"/.exec(text)?.[1] ?? ''
  }
}

export type Query = Record<string, string | number | boolean | undefined>

/** A caller of the public HTTP API, by token or by a session's cookie: plain fetch, so that nothing of the product can hide in it. */
export function createApi(base: string, token: string, cookie?: string) {
  const headers: Record<string, string> = cookie ? { cookie, origin: base } : { authorization: `Bearer ${token}` }
  const url = (path: string, query: Query = {}): string => {
    const text = new URLSearchParams(Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)] as [string, string]])))
    return `${base}${path}${text.size ? `?${text}` : ''}`
  }
  async function open(method: string, path: string, query?: Query, body?: unknown, signal?: AbortSignal): Promise<Response> {
    // After a long comparison the server may have closed connections that rested: seen first, they are not used again.
    await sleep(1)
    const response = await fetch(url(path, query), {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    })
    if (!response.ok) throw new ApiError(response.status, await response.text())
    return response
  }
  async function json<T>(method: string, path: string, query?: Query, body?: unknown): Promise<T> {
    return (await (await open(method, path, query, body)).json()) as T
  }

  /** All matching rows, every field unless told otherwise, by the NDJSON export. */
  async function rows(query: { query?: string; from: string; to: string; fields?: string }): Promise<Row[]> {
    const response = await open('GET', '/api/v1/accesses/export', { fields: '*', ...query, format: 'ndjson' })
    const out: Row[] = []
    for await (const line of lines(response)) if (line) out.push(JSON.parse(line) as Row)
    return out
  }

  return {
    base,
    token,
    get: <T>(path: string, query?: Query) => json<T>('GET', path, query),
    post: <T>(path: string, body: unknown) => json<T>('POST', path, undefined, body),
    patch: <T>(path: string, body: unknown) => json<T>('PATCH', path, undefined, body),
    del: <T>(path: string) => json<T>('DELETE', path),
    open,
    rows,
    completeness: (query: Query) => json<CompletenessAnswer>('GET', '/api/v1/completeness', { limit: 10_000, ...query }),
  }
}
export type Api = ReturnType<typeof createApi>

/** The lines of a streamed answer. */
export async function* lines(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(chunk, { stream: true })
    const parts = rest.split('\n')
    rest = parts.pop()!
    yield* parts
  }
  if (rest) yield rest
}
