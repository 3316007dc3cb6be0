import { type ProxyRegistry, readProxy } from '../enrich/index.ts'
import type { SourceStream } from '../stream.ts'
import { Cursor, identifier, nodeVersion, plainStruct, readMessage, type Value } from '../wire/index.ts'

/** One sample of a proxy's own counters: a row of `proxy_counters`. */
export interface CounterRow {
  ts: number
  proxy: string
  kind: 'http' | 'tcp'
  total: number
  active: number
  logs_written: number
  logs_dropped: number
  uptime_s: number
  restart_epoch: number
}

/** Prefixes that carry Envoy's and Istio's own traffic, not the users'. */
const own = new Set(['admin', 'agent', 'stats', 'prometheus'])
const wanted =
  /^(?:(http|tcp|listener)\.((?:(?!\.user_agent\.).)+)\.downstream_(rq_total|rq_active|cx_total|cx_active)|access_logs\..*logs_(written|dropped)|server\.(?:uptime|hot_restart_epoch))$/

/** What is left of a message: sums over the users' prefixes, and when the sample was taken. */
interface Sums {
  timestamp: number
  http: boolean
  tcp: boolean
  requests: number
  activeRequests: number
  connections: number
  httpConnections: number
  listening: number
  written: number
  dropped: number
  uptime: number
  epoch: number
}

/**
 * Reads StreamMetricsMessages (cumulative counters, as Envoy's metrics_service sink sends them) into rows of
 * `proxy_counters`, one for HTTP and one for TCP where the proxy has such traffic.
 */
export class MetricsReceiver {
  private readonly cursor = new Cursor()
  /** Whether a family's name is wanted, by name: a proxy sends the same few hundred every time. */
  private readonly names = new Map<string, RegExpExecArray | undefined>()
  private readonly registry: ProxyRegistry
  private readonly now: () => number

  constructor(registry: ProxyRegistry, now: () => number) {
    this.registry = registry
    this.now = now
  }

  /**
   * Reads one message.
   * @throws WireError where its bytes are malformed; nothing of it is used then.
   */
  message(bytes: Uint8Array, stream: SourceStream): CounterRow[] {
    const c = this.cursor
    c.load(bytes)
    const sums: Sums = {
      timestamp: 0,
      http: false,
      tcp: false,
      requests: 0,
      activeRequests: 0,
      connections: 0,
      httpConnections: 0,
      listening: 0,
      written: 0,
      dropped: 0,
      uptime: 0,
      epoch: 0,
    }
    while (c.p < c.limit) {
      const tag = c.tag()
      if (tag === 10) this.identify(c.size(c.limit), stream)
      else if (tag === 18) this.family(c.size(c.limit), sums)
      else c.skip(tag, c.limit)
    }
    c.finish(c.limit)
    return this.rows(sums, stream)
  }

  private rows(s: Sums, stream: SourceStream): CounterRow[] {
    const shared = {
      ts: (s.timestamp || this.now()) * 1000,
      proxy: stream.proxy.id,
      logs_written: s.written,
      logs_dropped: s.dropped,
      uptime_s: s.uptime,
      restart_epoch: s.epoch,
    }
    const rows: CounterRow[] = []
    if (s.http) rows.push({ ...shared, kind: 'http', total: s.requests, active: s.activeRequests })
    // Envoy counts no open connections per TCP proxy: they are those of its listeners that are not HTTP's
    if (s.tcp) rows.push({ ...shared, kind: 'tcp', total: s.connections, active: Math.max(0, s.listening - s.httpConnections) })
    return rows
  }

  private identify(end: number, stream: SourceStream): void {
    const node = (readMessage(this.cursor, identifier, end, 1).node as Value | undefined) ?? {}
    const proxy = readProxy((node.id as string | undefined) ?? '', plainStruct(node.metadata), nodeVersion(node))
    stream.identify(proxy, '')
    if (stream.auth !== 'contradicted') this.registry.learn(proxy)
  }

  private family(end: number, sums: Sums): void {
    const c = this.cursor
    let name: RegExpExecArray | undefined
    while (c.p < end) {
      const tag = c.tag()
      if (tag === 10) {
        const stop = c.size(end)
        name = this.name(c.buf.toString('latin1', c.p, stop))
        c.p = stop
      } else if (tag === 34 && name) this.metric(c.size(end), name, sums)
      else c.skip(tag, end)
    }
    c.finish(end)
  }

  private name(text: string): RegExpExecArray | undefined {
    if (this.names.size > 20_000) this.names.clear()
    if (!this.names.has(text)) this.names.set(text, wanted.exec(text) ?? undefined)
    return this.names.get(text)
  }

  private metric(end: number, name: RegExpExecArray, sums: Sums): void {
    const c = this.cursor
    let value = 0
    while (c.p < end) {
      const tag = c.tag()
      if (tag === 18 || tag === 26 || tag === 42) value = this.number(c.size(end))
      else if (tag === 48) sums.timestamp = Math.max(sums.timestamp, c.int64())
      else c.skip(tag, end)
    }
    c.finish(end)
    add(sums, name, value)
  }

  /** Gauge, Counter or Untyped: all have their value as a double in field 1. */
  private number(end: number): number {
    const c = this.cursor
    let value = 0
    while (c.p < end) {
      const tag = c.tag()
      if (tag === 9) {
        value = c.view.getFloat64(c.p, true)
        c.p += 8
      } else c.skip(tag, end)
    }
    c.finish(end)
    return value
  }
}

function add(sums: Sums, [whole, layer, prefix, counter, logs]: RegExpExecArray, value: number): void {
  if (logs === 'written') sums.written += value
  else if (logs === 'dropped') sums.dropped += value
  else if (whole === 'server.uptime') sums.uptime = value
  else if (whole === 'server.hot_restart_epoch') sums.epoch = value
  else if (layer !== undefined && prefix !== undefined && !own.has(prefix)) addTraffic(sums, `${layer} ${counter}`, prefix, value)
}

function addTraffic(sums: Sums, what: string, prefix: string, value: number): void {
  switch (what) {
    case 'http rq_total':
      sums.http = true
      sums.requests += value
      break
    case 'http rq_active':
      sums.activeRequests += value
      break
    case 'http cx_active':
      sums.httpConnections += value
      break
    case 'tcp cx_total':
      sums.tcp = true
      sums.connections += value
      break
    case 'listener cx_active':
      // a listener's counters per worker repeat those of the listener
      if (!/\.worker_\d+$/.test(prefix)) sums.listening += value
  }
}
