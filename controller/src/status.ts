import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { SourceState, SpoolState } from '@panoptes/contract/ingest'
import type { HostPort } from './options.ts'
import { type WatchStatus, watchMetrics } from './watch/index.ts'

export interface StatusParts {
  sources: () => SourceState[]
  spool: () => SpoolState
  /** `connected`, or why not. */
  link: () => string
  /** Of a controller that looks at a cluster: how each kind is watched. */
  watches: () => ReadonlyMap<string, WatchStatus> | undefined
  /** Whether the API server may send reviews here. */
  ready: () => boolean
}

/** The controller's own health and figures: `/livez`, `/healthz` and, in Prometheus' text form, `/metrics`. */
export class StatusServer {
  private readonly server: Server
  private readonly address: HostPort

  constructor(address: HostPort, parts: StatusParts) {
    this.address = address
    this.server = createServer((req, res) => {
      // Alive as long as it answers: a full disk is not healed by a new start.
      if (req.url === '/livez') res.writeHead(200).end('ok\n')
      else if (req.url === '/healthz') {
        const { trouble } = parts.spool()
        const status = trouble !== '' ? 'degraded' : parts.ready() ? 'ok' : 'starting'
        res.writeHead(status === 'ok' ? 200 : 503, { 'content-type': 'application/json' })
        res.end(`${JSON.stringify({ status, spool: trouble || 'ok', server: parts.link() })}\n`)
      } else if (req.url === '/metrics') {
        res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(metrics(parts))
      } else res.writeHead(404).end()
    })
  }

  /** Starts to listen; answers the port. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(this.address.port, this.address.host, () => resolve((this.server.address() as AddressInfo).port))
    })
  }

  close(): Promise<void> {
    return new Promise((done) => {
      this.server.close(() => done())
      this.server.closeAllConnections()
    })
  }
}

function metrics({ sources, spool, link, watches }: StatusParts): string {
  const list = sources()
  const { bytes, maxBytes, batches, dropped } = spool()
  const errors: Record<string, number> = {}
  for (const s of list) for (const [reason, n] of Object.entries(s.errors)) errors[reason] = (errors[reason] ?? 0) + n
  const sum = (kind: string): number => list.filter((s) => s.kind === kind).reduce((total, s) => total + s.entries, 0)
  const watched = watches()
  return [
    family('panoptes_controller_entries_total', 'counter', 'Entries read.', [
      ['{wire="als"}', sum('als')],
      ['{wire="otlp"}', sum('otlp')],
    ]),
    family('panoptes_controller_unreadable_total', 'counter', 'Messages that could not be read to their end.', labelled('reason', errors)),
    family('panoptes_controller_sources', 'gauge', 'Proxies seen.', [['', list.length]]),
    family('panoptes_controller_spool_bytes', 'gauge', 'Bytes in the spool.', [['', bytes]]),
    family('panoptes_controller_spool_limit_bytes', 'gauge', 'Most bytes that the spool may hold.', [['', maxBytes]]),
    family('panoptes_controller_spool_batches', 'gauge', 'Batches that wait for the server.', [['', batches]]),
    family('panoptes_controller_dropped_rows_total', 'counter', 'Rows dropped from the spool.', labelled('reason', dropped)),
    family('panoptes_controller_connected', 'gauge', '1 while the server is reached.', [['', link() === 'connected' ? 1 : 0]]),
    family('process_resident_memory_bytes', 'gauge', 'Resident memory.', [['', process.memoryUsage.rss()]]),
    watched ? watchMetrics(watched) : '',
  ].join('')
}

function labelled(label: string, values: Record<string, number>): [string, number][] {
  return Object.entries(values).map(([key, n]) => [`{${label}=${JSON.stringify(key)}}`, n])
}

function family(name: string, type: string, help: string, samples: [string, number][]): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map(([labels, value]) => `${name}${labels} ${value}\n`).join('')}`
}
