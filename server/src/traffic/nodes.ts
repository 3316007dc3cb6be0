import type { By, Columns, Edge, Node } from './topology-model.ts'

type Found = Pick<Node, 'id' | 'kind' | 'cluster' | 'namespace' | 'name' | 'version' | 'origin'>

/** The nodes of a map: made from the ends of its edges, each once. */
export class Nodes {
  private readonly by: By
  private readonly seen = new Map<string, Found>()

  constructor(by: By) {
    this.by = by
  }

  /** The ids of both ends of one group of entries. */
  endsOf(columns: Columns, i: number): [string, string] {
    return [this.source(columns, i), this.target(columns, i)]
  }

  /** The nodes at the ends of these edges, with what goes in and out of each per second. */
  list(edges: readonly Edge[]): Node[] {
    const nodes = new Map<string, Node & { count: number; failed: number }>()
    const at = (id: string) => {
      const node = nodes.get(id) ?? { ...this.seen.get(id)!, x: null, y: null, rateIn: 0, rateOut: 0, errorRatio: 0, count: 0, failed: 0 }
      nodes.set(id, node)
      return node
    }
    for (const edge of edges) {
      at(edge.from).rateOut += edge.rate
      const target = at(edge.to)
      target.rateIn += edge.rate
      target.count += edge.count
      target.failed += edge.errors
    }
    return [...nodes.values()].map(({ count, failed, ...node }) => ({ ...node, errorRatio: count > 0 ? failed / count : 0 }))
  }

  private source(c: Columns, i: number): string {
    const cluster = c.srcCluster[i]!
    if (c.srcKnown[i]) return this.inside(cluster, c.srcNamespace[i]!, c.srcName[i]!, c.srcVersion[i]!, Boolean(c.srcBare[i]), c.origin[i]!)
    return this.keep(`unknown:${cluster}`, 'unknown', cluster, '', 'unknown', '', c.origin[i]!)
  }

  private target(c: Columns, i: number): string {
    const host = c.external[i]!
    if (host) return this.keep(`external:${host}`, 'external', '', '', host, '', c.origin[i]!)
    return this.inside(c.dstCluster[i]!, c.dstNamespace[i]!, c.dstName[i]!, c.dstVersion[i]!, Boolean(c.dstBare[i]), c.origin[i]!)
  }

  private inside(cluster: string, namespace: string, name: string, version: string, bare: boolean, origin: string): string {
    if (this.by === 'cluster') return this.keep(cluster, 'cluster', cluster, '', cluster, '', origin)
    if (this.by === 'namespace') return this.keep(`${cluster}/${namespace}`, 'namespace', cluster, namespace, namespace, '', origin)
    const id = version ? `${cluster}/${namespace}/${name}/${version}` : `${cluster}/${namespace}/${name}`
    return this.keep(id, this.by === 'service' || bare ? 'service' : this.by, cluster, namespace, name, version, origin)
  }

  private keep(id: string, kind: Found['kind'], cluster: string, namespace: string, name: string, version: string, origin: string): string {
    // What both the demo and somebody's own proxies speak of is somebody's own.
    const known = this.seen.get(id)
    if (!known || (known.origin === 'demo' && origin !== 'demo')) this.seen.set(id, { id, kind, cluster, namespace, name, version, origin })
    return id
  }
}
