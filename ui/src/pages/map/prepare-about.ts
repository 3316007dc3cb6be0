import { both, condition } from '../../address/index.ts'
import type { MapNode } from '../../graph/index.ts'

type Named = Pick<MapNode, 'kind' | 'cluster' | 'namespace' | 'name' | 'version'>

/** A place outside is named by whatever the access told of it. */
function outsideQuery(name: string): string {
  const fields = /^[\d.]+$|^[\da-f:]*:[\da-f:]*$/i.test(name) ? ['dst.ip'] : ['dst.service', 'host', 'sni']
  return fields.map((field) => condition(field, name)).join(' OR ')
}

/** One end of an access, as conditions of the query language. */
export function endQuery(node: Named, side: 'src' | 'dst'): string {
  const cluster = node.cluster ? condition(`${side}.cluster`, node.cluster) : ''
  if (node.kind === 'external') return both(outsideQuery(node.name), 'NOT dst.workload:*')
  if (node.kind === 'unknown') return both(cluster, `NOT ${side}.workload:*`, `NOT ${side}.namespace:*`)
  if (node.kind === 'cluster') return cluster
  const namespace = node.namespace ? condition(`${side}.namespace`, node.namespace) : ''
  if (node.kind === 'namespace') return both(cluster, namespace)
  const name = node.name ? condition(`${side}.${node.kind === 'service' ? 'service' : 'workload'}`, node.name) : ''
  return both(cluster, namespace, name, node.kind === 'version' && node.version ? condition(`${side}.version`, node.version) : '')
}

/** The accesses that came to or went from a node. */
export function nodeQuery(node: Named): string {
  if (node.kind === 'external') return endQuery(node, 'dst')
  if (node.kind === 'unknown') return endQuery(node, 'src')
  return `((${endQuery(node, 'src')}) OR (${endQuery(node, 'dst')}))`
}

/** The accesses of one connection. */
export function edgeQuery(from: Named, to: Named, protocol: string): string {
  return both(endQuery(from, 'src'), endQuery(to, 'dst'), protocol ? condition('protocol', protocol) : '')
}
