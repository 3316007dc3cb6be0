import type { Random } from '../random.ts'
import { alsEntries, alsIdentifier, type EntryValues, entryEncoder, metricsMessage, type ProxyNode } from './als-messages.ts'
import type { Address } from './envoy-config.ts'
import { type GrpcStream, openGrpcStream } from './grpc-stream.ts'
import { sleep } from './wait.ts'

const alsPath = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs'
const metricsPath = '/envoy.service.metrics.v3.MetricsService/StreamMetrics'
/** As Envoy with the documented settings: an outage is bridged by a buffer of this size, then entries are dropped. */
const bufferBytes = 16 * 1024 * 1024

export interface FleetOptions {
  random: Random
  als: Address
  metrics: Address
  /** Sidecars; half are called by the others. */
  proxies: number
  /** Entries per second of all together: two per request, one of each side. */
  rate: number
  /** Cluster the proxies say they are in. */
  cluster?: string
  /** Before every path. */
  pathPrefix?: string
  flushMs?: number
  countersMs?: number
}

/** What one proxy of the fleet did: the truth that the record is held against. */
export interface ProxyTruth {
  id: string
  /** Entries due: requests that ended at this proxy. */
  entries: number
  /** Dropped because its own buffer was full. */
  dropped: number
}

/** One request as both its proxies logged it. */
export interface FleetRequest extends EntryValues {
  client: number
  server: number
  path: string
}

interface Proxy {
  truth: ProxyTruth
  node: ProxyNode
  als: GrpcStream
  metrics: GrpcStream
  buffer: Buffer[]
  buffered: number
  fresh: boolean
  freshMetrics: boolean
}

/**
 * Envoy-shaped sidecars in one process: each has its own ALS and metrics connection, batches entries, bridges outages as Envoy
 * does and reports cumulative counters. Counts what each proxy had to log.
 */
export function startFleet(options: FleetOptions) {
  const { random } = options
  const cluster = options.cluster ?? 'east'
  const ipOf = (i: number): string => `10.7.${i >> 8}.${i & 255}`
  const proxies: Proxy[] = Array.from({ length: options.proxies }, (_, i) => {
    const app = `app-${i}`
    const pod = `${app}-6d8f7c9b5-${random.uuid().slice(0, 5)}`
    const node: ProxyNode = {
      id: `sidecar~${ipOf(i)}~${pod}.bank~bank.svc.cluster.local`,
      cluster: `${app}.bank`,
      metadata: {
        NAME: pod,
        NAMESPACE: 'bank',
        CLUSTER_ID: cluster,
        WORKLOAD_NAME: app,
        SERVICE_ACCOUNT: app,
        INSTANCE_IPS: ipOf(i),
        NODE_NAME: `node-${i % 3}`,
        LABELS: { app, version: 'v1', 'service.istio.io/canonical-name': app },
      },
    }
    const proxy: Proxy = {
      truth: { id: node.id, entries: 0, dropped: 0 },
      node,
      als: openGrpcStream(options.als, alsPath, () => {
        proxy.fresh = true
      }),
      metrics: openGrpcStream(options.metrics, metricsPath, () => {
        proxy.freshMetrics = true
      }),
      buffer: [],
      buffered: 0,
      fresh: true,
      freshMetrics: true,
    }
    return proxy
  })

  const half = proxies.length >> 1
  const edges = Array.from({ length: half * 3 }, () => {
    const from = random.int(half)
    const to = half + random.int(proxies.length - half)
    const shape = {
      srcIp: ipOf(from),
      dstIp: ipOf(to),
      dstPort: 8080,
      srcSpiffe: `spiffe://cluster.local/ns/bank/sa/app-${from}`,
      dstSpiffe: `spiffe://cluster.local/ns/bank/sa/app-${to}`,
      host: `app-${to}.bank:8080`,
      path: `${options.pathPrefix ?? '/'}v1/${random.pick(['accounts', 'payments', 'cards', 'rates'])}/`,
    }
    return {
      client: from,
      server: to,
      path: shape.path,
      encodeClient: entryEncoder({ ...shape, side: 'client', upstreamCluster: `outbound|8080||app-${to}.bank.svc.cluster.local` }),
      encodeServer: entryEncoder({ ...shape, side: 'server', upstreamCluster: 'inbound|8080||' }),
    }
  })

  function log(proxy: Proxy, entry: Buffer): void {
    proxy.truth.entries++
    if (proxy.buffered + entry.length + proxy.als.waiting() > bufferBytes) {
      proxy.truth.dropped++
      return
    }
    proxy.buffer.push(entry)
    proxy.buffered += entry.length
  }

  function flush(proxy: Proxy): void {
    while (proxy.buffer.length > 0 && proxy.als.open()) {
      let bytes = 0
      let n = 0
      while (n < proxy.buffer.length && bytes < 4_000_000) bytes += proxy.buffer[n++]!.length
      const logs = alsEntries('http', proxy.buffer.slice(0, n))
      const body = proxy.fresh ? Buffer.concat([alsIdentifier(proxy.node, 'panoptes_http'), logs]) : logs
      if (!proxy.als.send(body)) return
      proxy.fresh = false
      proxy.buffer.splice(0, n)
      proxy.buffered -= bytes
    }
  }

  function count(proxy: Proxy): void {
    const { entries, dropped } = proxy.truth
    const counters = {
      'http.inbound.downstream_rq_total': entries,
      'access_logs.grpc_access_log.logs_written': entries - dropped,
      'access_logs.grpc_access_log.logs_dropped': dropped,
    }
    const gauges = { 'http.inbound.downstream_rq_active': 0, 'server.uptime': Math.floor((Date.now() - began) / 1000), 'server.hot_restart_epoch': 0 }
    const sent = proxy.metrics.send(metricsMessage(proxy.freshMetrics ? proxy.node : undefined, counters, gauges, Date.now()))
    if (sent) proxy.freshMetrics = false
  }

  const ids = random.fork('ids')
  const began = Date.now()
  const requests: FleetRequest[] = []
  let rate = options.rate
  let since = performance.now()
  let owed = 0
  let stopped = false

  async function generate(): Promise<void> {
    let lastFlush = 0
    let lastCount = 0
    while (!stopped) {
      const now = performance.now()
      owed += ((now - since) / 1000) * (rate / 2)
      since = now
      for (; owed >= 1; owed--) {
        const edge = edges[ids.int(edges.length)]!
        const durationUs = 500 + ids.int(5000)
        const values: EntryValues = {
          id: ids.uuid(),
          startUs: Date.now() * 1000 - durationUs,
          durationUs,
          status: ids.next() < 0.97 ? 200 : ids.pick([403, 404, 500, 503]),
          srcPort: 20_000 + ids.int(40_000),
        }
        log(proxies[edge.client]!, edge.encodeClient(values))
        log(proxies[edge.server]!, edge.encodeServer(values))
        requests.push({ ...values, client: edge.client, server: edge.server, path: `${edge.path}${values.id}` })
      }
      if (now - lastFlush >= (options.flushMs ?? 200)) {
        lastFlush = now
        for (const proxy of proxies) flush(proxy)
      }
      if (now - lastCount >= (options.countersMs ?? 1000)) {
        lastCount = now
        for (const proxy of proxies) count(proxy)
      }
      await sleep(5)
    }
  }
  const running = generate()

  return {
    truths: proxies.map((proxy) => proxy.truth),
    entries: () => proxies.reduce((sum, proxy) => sum + proxy.truth.entries, 0),
    /** Every request so far: the generator's log. */
    requests,
    setRate(next: number): void {
      rate = next
    },
    /** Ends the load, hands over what waits and takes the last samples. */
    async stop(): Promise<void> {
      stopped = true
      await running
      const end = Date.now() + 30_000
      while (Date.now() < end && proxies.some((proxy) => proxy.buffer.length > 0 || proxy.als.waiting() > 0 || !proxy.metrics.open())) {
        for (const proxy of proxies) flush(proxy)
        await sleep(50)
      }
      for (let i = 0; i < 2; i++) {
        await sleep(500)
        for (const proxy of proxies) count(proxy)
      }
      await Promise.all(proxies.map((proxy) => proxy.metrics.flushed()))
      await sleep(500)
      for (const proxy of proxies) {
        proxy.als.close()
        proxy.metrics.close()
      }
    },
  }
}
export type Fleet = ReturnType<typeof startFleet>
