import { both, condition } from '../../address/index.ts'
import type { MapEdge, MapNode } from '../../graph/index.ts'

type Named = Pick<MapNode, 'id' | 'kind' | 'cluster' | 'namespace' | 'name' | 'version'>

/** Splits a node's id, cluster/namespace/workload[/version] or external:host, into what it names. */
export function readNodeId(id: string): Named {
  const outside = /^(external|unknown):?(.*)$/s.exec(id)
  if (outside && !id.includes('/')) return { id, kind: outside[1] as 'external', cluster: '', namespace: '', name: outside[2]!, version: '' }
  if (outside?.[1] === 'external') return { id, kind: 'external', cluster: '', namespace: '', name: outside[2]!, version: '' }
  const [cluster = '', namespace = '', name = '', version = ''] = id.split('/')
  return { id, kind: version ? 'version' : 'workload', cluster, namespace, name, version }
}

/** One end of an access, as conditions of the query language. */
export function endQuery(node: Named, side: 'src' | 'dst'): string {
  if (node.kind === 'external') return side === 'dst' ? condition('host', node.name) : condition('src.ip', node.name)
  if (node.kind === 'unknown') return `NOT ${side}.workload:*`
  const field = node.kind === 'service' ? 'service' : 'workload'
  return both(
    node.cluster && condition(`${side}.cluster`, node.cluster),
    node.namespace && condition(`${side}.namespace`, node.namespace),
    node.name && condition(`${side}.${field}`, node.name),
    (node.version && node.kind === 'version' && condition(`${side}.version`, node.version)) || undefined,
  )
}

/** The accesses that came to or went from a node. */
export function nodeQuery(node: Named): string {
  if (node.kind === 'external') return endQuery(node, 'dst')
  return `((${endQuery(node, 'src')}) OR (${endQuery(node, 'dst')}))`
}

/** The accesses of one connection. */
export function edgeQuery(edge: Pick<MapEdge, 'from' | 'to' | 'protocol'>): string {
  return both(endQuery(readNodeId(edge.from), 'src'), endQuery(readNodeId(edge.to), 'dst'), edge.protocol ? condition('protocol', edge.protocol) : '')
}
