/** A made-up mesh for the map: the same for the same seed. Clusters of 25 namespaces or so, callers mostly near what they call. */
export function madeUpTopology(workloads: number, edges: number, seed: number) {
  let state = seed
  const random = () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
  const pick = (below: number) => Math.floor(random() * below)
  const clusters = Math.max(1, Math.round(workloads / 700))
  const namespaces = Math.max(3, Math.round(workloads / 40))
  const nodes = Array.from({ length: workloads }, (_, i) => {
    const ns = i % namespaces
    const cluster = `cluster-${ns % clusters}`
    const namespace = `team-${String(ns).padStart(2, '0')}`
    const outside = i % 97 === 96
    return {
      id: outside ? `external:api-${i}.example.com` : `${cluster}/${namespace}/service-${i}`,
      kind: outside ? 'external' : 'workload',
      cluster: outside ? '' : cluster,
      namespace: outside ? '' : namespace,
      name: outside ? `api-${i}.example.com` : `service-${i}`,
      version: '',
      origin: 'user',
      x: null,
      y: null,
      rateIn: 0,
      rateOut: 0,
      errorRatio: 0,
    }
  })
  const links = new Set<string>()
  while (links.size < edges) {
    const from = pick(workloads)
    const near = random() < 0.7 ? (from + namespaces * (1 + pick(12))) % workloads : pick(workloads)
    if (from !== near && nodes[from]!.kind === 'workload') links.add(`${from} ${near}`)
  }
  return { nodes, links: [...links].map((l) => l.split(' ').map(Number) as [number, number]), random }
}

export type MadeUp = ReturnType<typeof madeUpTopology>

/** An answer of the topology route, with fresh rates and errors at each call. */
export function madeUpAnswer({ nodes, links, random }: MadeUp) {
  const edges = links.map(([from, to]) => {
    const rate = 10 ** (random() * 4 - 1)
    const count = Math.round(rate * 900)
    const trouble = random()
    const errors = trouble < 0.03 ? Math.round(count * 0.2) : trouble < 0.1 ? Math.round(count * 0.02) : 0
    nodes[from]!.rateOut += rate
    nodes[to]!.rateIn += rate
    return {
      id: `${nodes[from]!.id}→${nodes[to]!.id}→http/1.1`,
      from: nodes[from]!.id,
      to: nodes[to]!.id,
      protocol: 'http/1.1',
      count,
      rate,
      errors,
      denied: random() < 0.005 ? 3 : 0,
      reqBytes: count * 400,
      respBytes: count * 2_000,
      mtlsRatio: random() < 0.9 ? 1 : 0.4,
      p50Us: 2_000,
      p95Us: 9_000,
      p99Us: 30_000,
      services: [`${nodes[to]!.name}.svc`],
    }
  })
  const now = Date.now()
  return {
    asked: { query: '', from: new Date(now - 900_000).toISOString(), to: new Date(now).toISOString() },
    nodes,
    edges,
    completeness: { expected: 1000, received: 1000, missed: 0, ratio: 1, state: 'complete', sourcesKnown: 9, sourcesUnknown: 0 },
    tookMs: 20,
  }
}
