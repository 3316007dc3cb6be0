import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

export interface Answer {
  status: number
  body: unknown
}

/** Sends requests to one server over connections that stay open. */
export class ServerClient {
  private readonly base: URL
  private readonly agent: HttpAgent | HttpsAgent

  /** `ca` is PEM text of an authority to trust besides the system's, or undefined. */
  constructor(base: string, ca?: string) {
    this.base = new URL(base)
    // through HTTPS_PROXY or HTTP_PROXY where the environment names one, and past it for what NO_PROXY names
    const { HTTPS_PROXY, HTTP_PROXY, NO_PROXY } = process.env
    // what is new must not wait for a connection that a backlog holds
    const options = { keepAlive: true, maxSockets: 6, proxyEnv: { HTTPS_PROXY, HTTP_PROXY, NO_PROXY }, ...(ca === undefined ? {} : { ca }) }
    this.agent = this.base.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options)
  }

  /** Posts bytes, given in pieces; rejects where no answer came within `timeout` milliseconds. */
  post(path: string, headers: Record<string, string>, body: readonly Buffer[], timeout = 60_000): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const secure = this.base.protocol === 'https:'
      const url = new URL(`${this.base.pathname.replace(/\/$/, '')}${path}`, this.base)
      const length = body.reduce((sum, piece) => sum + piece.length, 0)
      const options = { method: 'POST', agent: this.agent, timeout, headers: { ...headers, 'content-length': String(length) } }
      const req = (secure ? httpsRequest : httpRequest)(url, options, (res) => read(res).then(resolve, reject))
      req.on('timeout', () => req.destroy(new Error(`no answer within ${timeout} ms`)))
      req.on('error', reject)
      for (const piece of body) req.write(piece)
      req.end()
    })
  }

  close(): void {
    this.agent.destroy()
  }
}

async function read(res: IncomingMessage): Promise<Answer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of res as AsyncIterable<Buffer>) {
    size += part.length
    if (size > 1024 * 1024) throw new Error('answer too long')
    parts.push(part)
  }
  const text = Buffer.concat(parts).toString('utf8')
  let body: unknown
  try {
    body = text === '' ? undefined : JSON.parse(text)
  } catch {
    body = text
  }
  return { status: res.statusCode ?? 0, body }
}
