import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { PanoptesError } from '@panoptes/contract/ingest'
import type { Identity } from './certificate.ts'
import type { ReviewAnswer } from './review.ts'

/** Two objects of the size that etcd takes, and what stands around them. */
const mostBytes = 8 * 1024 * 1024
export const reviewPath = '/admission'

/** HTTPS for the API server alone: `POST /admission`. Its certificate can be exchanged while connections are open. */
export class ReviewServer {
  private readonly server: Server

  constructor(identity: Identity, answer: (bytes: Uint8Array) => ReviewAnswer) {
    this.server = createServer({ ...contextOf(identity), keepAliveTimeout: 120_000, requestTimeout: 30_000 }, (request, response) => {
      serve(request, response, answer)
    })
    // Who speaks no TLS is no API server of ours.
    this.server.on('tlsClientError', () => undefined)
  }

  /** Answers the port. */
  listen({ host, port }: { host: string; port: number }): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(port, host, () => resolve((this.server.address() as AddressInfo).port))
    })
  }

  /** New connections get this certificate; open ones go on. */
  serveAs(identity: Identity): void {
    this.server.setSecureContext(contextOf(identity))
  }

  /** Takes no new connection, answers what was asked, and lets go after `patience` ms. */
  close(patience = 1_000): Promise<void> {
    return new Promise((done) => {
      this.server.close(() => done())
      this.server.closeIdleConnections()
      setTimeout(() => this.server.closeAllConnections(), patience).unref()
    })
  }
}

const contextOf = ({ certificate, key }: Identity) => ({ cert: certificate, key, minVersion: 'TLSv1.2' as const })

function serve(request: IncomingMessage, response: ServerResponse, answer: (bytes: Uint8Array) => ReviewAnswer): void {
  const say = (status: number, body: unknown): void => {
    const text = JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text)
  }
  if (request.method !== 'POST' || request.url?.split('?')[0] !== reviewPath) {
    say(404, { code: 'PAN0520', detail: `reviews are taken by POST ${reviewPath}` })
    return
  }
  const chunks: Buffer[] = []
  let size = 0
  request.on('error', () => undefined)
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= mostBytes) chunks.push(chunk)
    else request.destroy()
  })
  request.on('end', () => {
    try {
      say(200, answer(Buffer.concat(chunks)))
    } catch (error) {
      const known = error instanceof PanoptesError
      say(known ? 400 : 500, { code: known ? error.code : 'PAN0001', detail: known ? error.message : 'the review could not be answered' })
    }
  })
}
