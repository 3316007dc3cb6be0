import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { ClusterAccess } from './access.ts'
import { textOf } from './lines.ts'

export interface KubeAnswer {
  status: number
  /** Seconds the API server asks us to wait (Retry-After), where it does. */
  retryAfter?: number
  /** The body as it comes. Leaving the loop early closes the connection. */
  chunks: AsyncIterable<Buffer>
}

/** The one thing the watch needs of a client: a GET whose answer is read as it comes. */
export interface KubeClient {
  get(path: string, options: { signal?: AbortSignal; stallMs: number; accept?: string }): Promise<KubeAnswer>
}

/** Beside watching: small requests whose whole answer is JSON. */
export interface KubeRequests extends KubeClient {
  /** Any status resolves; rejects where no answer came within `timeoutMs` (10 s). A PATCH is a JSON merge patch, APPLY a server-side apply. */
  send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'APPLY' | 'DELETE',
    path: string,
    body?: unknown,
    timeoutMs?: number,
  ): Promise<{ status: number; body: unknown }>
  close(): void
}

/** No byte came for as long as one had to: the other side is gone, whatever TCP says. */
export class Stalled extends Error {
  constructor(ms: number) {
    super(`nothing came for ${ms / 1000} s`)
    this.name = 'Stalled'
  }
}

const types: Partial<Record<string, string>> = { PATCH: 'application/merge-patch+json', APPLY: 'application/apply-patch+yaml' }

/** A client over HTTP/1.1: a watch has a connection of its own, so a stalled one stalls no other. */
export function kubeClient(access: ClusterAccess): KubeRequests {
  const { ca, clientCertificate, serverName } = access
  const agent = new Agent({
    keepAlive: true,
    keepAliveMsecs: 15_000,
    minVersion: 'TLSv1.2',
    ...(ca ? { ca } : {}),
    ...(clientCertificate ? { cert: clientCertificate.certificate, key: clientCertificate.key } : {}),
    ...(serverName ? { servername: serverName } : {}),
  })
  const headersOf = (accept: string) => {
    const token = access.token?.()
    return { accept, 'user-agent': 'panoptes-controller', ...(token ? { authorization: `Bearer ${token}` } : {}) }
  }
  return {
    close: () => agent.destroy(),
    send: (method, path, body, timeoutMs = 10_000) =>
      new Promise((done, failed) => {
        const text = body === undefined ? '' : JSON.stringify(body)
        const type = { 'content-type': types[method] ?? 'application/json', 'content-length': Buffer.byteLength(text) }
        const headers = { ...headersOf('application/json'), ...(text ? type : {}) }
        const sent = request(access.server + path, { agent, method: method === 'APPLY' ? 'PATCH' : method, headers, signal: AbortSignal.timeout(timeoutMs) })
        sent.on('error', failed)
        sent.on('response', (answer) => {
          textOf(answer).then((said) => done({ status: answer.statusCode ?? 0, body: said.startsWith('{') ? JSON.parse(said) : said }), failed)
        })
        sent.end(text)
      }),
    get: (path, { signal, stallMs, accept = 'application/json' }) =>
      new Promise((done, failed) => {
        const sent = request(access.server + path, { agent, headers: headersOf(accept), ...(signal ? { signal } : {}) })
        const timer = setTimeout(() => sent.destroy(new Stalled(stallMs)), stallMs)
        sent.on('error', (error) => {
          clearTimeout(timer)
          failed(error)
        })
        sent.on('response', (answer) => {
          clearTimeout(timer)
          const wait = Number(answer.headers['retry-after'])
          done({ status: answer.statusCode ?? 0, ...(wait > 0 ? { retryAfter: wait } : {}), chunks: guarded(answer, stallMs) })
        })
        sent.end()
      }),
  }
}

/** The chunks of an answer; throws Stalled where the next does not come in time. The time we take over a chunk ourselves does not count. */
async function* guarded(answer: IncomingMessage, stallMs: number): AsyncGenerator<Buffer> {
  const chunks = answer[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  try {
    for (;;) {
      const timer = setTimeout(() => answer.destroy(new Stalled(stallMs)), stallMs)
      const next = await chunks.next().finally(() => clearTimeout(timer))
      if (next.done) return
      yield next.value
    }
  } finally {
    answer.destroy()
  }
}
