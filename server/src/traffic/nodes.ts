import type { By, Columns, Gathered, Node } from './topology-model.ts'

type Found = Pick<Node, 'id' | 'kind' | 'cluster' | 'namespace' | 'name' | 'version' | 'origin'>

/** The nodes of a map: made from the ends of its edges, each once. */
export class Nodes {
  private readonly by: By
  private readonly seen = new Map<string, Found>()
  private readonly shown = new Map<string, Found>()

  constructor(by: By) {
    this.by = by
  }

  /** The ids of both ends of one group of entries. */
  endsOf(columns: Columns, i: number): [string, string] {
    return [this.source(columns, i), this.target(columns, i)]
  }

  /** Keeps both ends of an edge that is shown. */
  note(from: string, to: string): void {
    if (!this.shown.has(from)) this.shown.set(from, this.seen.get(from)!)
    if (!this.shown.has(to)) this.shown.set(to, this.seen.get(to)!)
  }

  /** All kept nodes, with what goes in and out of each per second. */
  list(edges: readonly Gathered[], seconds: number): Node[] {
    const sums = new Map([...this.shown.keys()].map((id) => [id, { in: 0, out: 0, errors: 0 }]))
    for (const edge of edges) {
      sums.get(edge.from)!.out += edge.count
      const target = sums.get(edge.to)!
      target.in += edge.count
      target.errors += edge.errors
    }
    return [...this.shown.values()].map((node) => {
      const sum = sums.get(node.id)!
      return { ...node, x: null, y: null, rateIn: sum.in / seconds, rateOut: sum.out / seconds, errorRatio: sum.in > 0 ? sum.errors / sum.in : 0 }
    })
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
    if (!this.seen.has(id)) this.seen.set(id, { id, kind, cluster, namespace, name, version, origin })
    return id
  }
}
