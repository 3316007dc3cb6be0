import type { By, Columns, Gathered, Node } from './topology-model.ts'

type Found = Pick<Node, 'id' | 'kind' | 'cluster' | 'namespace' | 'name' | 'version' | 'origin'>

/** The nodes of a map: made from the ends of its edges, each once. */
export class Nodes {
  private readonly by: By
  private readonly found = new Map<string, Found>()

  constructor(by: By) {
    this.by = by
  }

  /** The ids of both ends of one group of entries. */
  endsOf(columns: Columns, i: number): [string, string] {
    return [this.source(columns, i).id, this.target(columns, i).id]
  }

  /** Keeps both ends of a group that is shown. */
  note(columns: Columns, i: number): void {
    for (const node of [this.source(columns, i), this.target(columns, i)]) if (!this.found.has(node.id)) this.found.set(node.id, node)
  }

  /** All kept nodes, with what goes in and out of each per second. */
  list(edges: readonly Gathered[], seconds: number): Node[] {
    const sums = new Map([...this.found.keys()].map((id) => [id, { in: 0, out: 0, errors: 0 }]))
    for (const edge of edges) {
      sums.get(edge.from)!.out += edge.count
      const target = sums.get(edge.to)!
      target.in += edge.count
      target.errors += edge.errors
    }
    return [...this.found.values()].map((node) => {
      const sum = sums.get(node.id)!
      return { ...node, x: null, y: null, rateIn: sum.in / seconds, rateOut: sum.out / seconds, errorRatio: sum.in > 0 ? sum.errors / sum.in : 0 }
    })
  }

  private source(c: Columns, i: number): Found {
    const origin = c.origin[i]!
    const cluster = c.srcCluster[i]!
    if (!c.srcKnown[i]) return { id: `unknown:${cluster}`, kind: 'unknown', cluster, namespace: '', name: 'unknown', version: '', origin }
    return this.inside(cluster, c.srcNamespace[i]!, c.srcName[i]!, c.srcVersion[i]!, Boolean(c.srcBare[i]), origin)
  }

  private target(c: Columns, i: number): Found {
    const origin = c.origin[i]!
    const host = c.external[i]!
    if (host) return { id: `external:${host}`, kind: 'external', cluster: '', namespace: '', name: host, version: '', origin }
    return this.inside(c.dstCluster[i]!, c.dstNamespace[i]!, c.dstName[i]!, c.dstVersion[i]!, Boolean(c.dstBare[i]), origin)
  }

  private inside(cluster: string, namespace: string, name: string, version: string, bare: boolean, origin: string): Found {
    if (this.by === 'cluster') return { id: cluster, kind: 'cluster', cluster, namespace: '', name: cluster, version: '', origin }
    if (this.by === 'namespace') return { id: `${cluster}/${namespace}`, kind: 'namespace', cluster, namespace, name: namespace, version: '', origin }
    const kind = this.by === 'service' || bare ? 'service' : this.by
    const id = [cluster, namespace, name, ...(version ? [version] : [])].join('/')
    return { id, kind, cluster, namespace, name, version, origin }
  }
}
