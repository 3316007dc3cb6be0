import { connect } from 'node:http2'
import type { Random } from '../random.ts'
import { alsEntries, alsIdentifier, entryEncoder, type ProxyNode } from './als-messages.ts'
import type { Address } from './envoy-config.ts'
import { grpcFrame } from './protobuf.ts'
import { sleep } from './wait.ts'

export interface WideMeshOptions {
  random: Random
  als: Address
  workloads: number
  edges: number
  cluster: string
}

/** Sidecars of very many workloads over one connection, one stream each: `tell` sends `perEdge` server-side entries of every edge. */
export async function startWideMesh({ random, als, workloads, edges, cluster }: WideMeshOptions) {
  const session = connect(`http://${als.host}:${als.port}`, { settings: { initialWindowSize: 1 << 20 } })
  session.on('error', () => {})
  const namespaces = Math.max(1, Math.round(workloads / 50))
  const ipOf = (i: number): string => `10.9.${i >> 8}.${i & 255}`
  const spiffe = (i: number): string => `spiffe://cluster.local/ns/team-${i % namespaces}/sa/svc-${i}`
  const streams = Array.from({ length: workloads }, (_, i) => {
    const namespace = `team-${i % namespaces}`
    const pod = `svc-${i}-5d9c7f6b8-${random.uuid().slice(0, 5)}`
    const node: ProxyNode = {
      id: `sidecar~${ipOf(i)}~${pod}.${namespace}~${namespace}.svc.cluster.local`,
      cluster: `svc-${i}.${namespace}`,
      metadata: {
        NAME: pod,
        NAMESPACE: namespace,
        CLUSTER_ID: cluster,
        WORKLOAD_NAME: `svc-${i}`,
        SERVICE_ACCOUNT: `svc-${i}`,
        INSTANCE_IPS: ipOf(i),
        LABELS: { app: `svc-${i}`, version: 'v1', 'service.istio.io/canonical-name': `svc-${i}` },
      },
    }
    return { node, call: undefined as ReturnType<typeof session.request> | undefined }
  })
  // Every proxy says who it is before the first entry, so that both ends of every access are known.
  for (const [i, stream] of streams.entries()) {
    const call = session.request(
      { ':method': 'POST', ':path': '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs', 'content-type': 'application/grpc', te: 'trailers' },
      { endStream: false },
    )
    call.on('error', () => {})
    call.resume()
    call.write(grpcFrame(alsIdentifier(stream.node, 'panoptes_http')))
    stream.call = call
    if (i % 100 === 99) await sleep(5)
  }
  // Each has an edge: of ten thousand drawn at random, one workload in twenty thousand would have none.
  const pairs = new Set(Array.from({ length: workloads }, (_, i) => `${i} ${(i + 1 + random.int(workloads - 1)) % workloads}`))
  while (pairs.size < edges) {
    const from = random.int(workloads)
    const to = random.int(workloads)
    if (from !== to) pairs.add(`${from} ${to}`)
  }
  const list = [...pairs].map((pair) => {
    const [from, to] = pair.split(' ').map(Number) as [number, number]
    const encode = entryEncoder({
      side: 'server',
      srcIp: ipOf(from),
      dstIp: ipOf(to),
      dstPort: 8080,
      srcSpiffe: spiffe(from),
      dstSpiffe: spiffe(to),
      upstreamCluster: 'inbound|8080||',
      host: `svc-${to}:8080`,
      path: '/v1/work/',
    })
    return { to, encode }
  })
  const ids = random.fork('wide')
  return {
    edges: list.length,
    /** Sends entries of every edge as of now; answers how many. */
    async tell(perEdge: number): Promise<number> {
      const perProxy = new Map<number, Buffer[]>()
      for (const { to, encode } of list) {
        const entries = perProxy.get(to) ?? []
        perProxy.set(to, entries)
        for (let i = 0; i < perEdge; i++) {
          const durationUs = 500 + ids.int(20_000)
          entries.push(
            encode({
              id: ids.uuid(),
              startUs: Date.now() * 1000 - durationUs,
              durationUs,
              status: ids.next() < 0.98 ? 200 : 503,
              srcPort: 20_000 + ids.int(40_000),
            }),
          )
        }
      }
      let n = 0
      for (const [to, entries] of perProxy) {
        streams[to]!.call!.write(grpcFrame(alsEntries('http', entries)))
        if (++n % 200 === 0) await sleep(5)
      }
      return list.length * perEdge
    },
    close: () => session.destroy(),
  }
}
