/** What a proxy tells about itself in the first message of a stream, in the words of the record. */
export interface ProxyIdentity {
  id: string
  type: string
  version: string
  cluster: string
  namespace: string
  workload: string
  service: string
  serviceVersion: string
  sa: string
  pod: string
  podUid: string
  container: string
  node: string
  ips: readonly string[]
  spiffe: string
  /** `client` or `server` where the metadata says PANOPTES_REPORTER. */
  reporter: string
}

const types = new Set(['sidecar', 'router', 'waypoint', 'ztunnel'])

/**
 * Reads a node's id and metadata. The keys are Istio's; a plain Envoy may set the same ones (docs/collect.md).
 * Values of the wrong kind count as absent.
 */
export function readProxy(id: string, metadata: Record<string, unknown>, version: string): ProxyIdentity {
  const labels = record(metadata.LABELS)
  const namespace = string(metadata.NAMESPACE)
  const sa = string(metadata.SERVICE_ACCOUNT)
  const [kind = '', ip = ''] = id.split('~')
  const listed = string(metadata.INSTANCE_IPS)
  const containers = string(metadata.APP_CONTAINERS).split(',')
  const workload = string(metadata.WORKLOAD_NAME)
  return {
    id,
    type: types.has(kind) ? kind : 'plain',
    version,
    cluster: string(metadata.CLUSTER_ID),
    namespace,
    workload,
    service: string(labels['service.istio.io/canonical-name']) || string(labels['app.kubernetes.io/name']) || string(labels.app),
    serviceVersion: string(labels.version) || string(labels['service.istio.io/canonical-revision']) || string(labels['app.kubernetes.io/version']),
    sa,
    pod: string(metadata.NAME),
    podUid: string(metadata.POD_UID) || string(labels['panoptes.io/pod-uid']),
    container: containers.length === 1 ? containers[0]! : '',
    node: string(metadata.NODE_NAME),
    ips: (listed || (types.has(kind) ? ip : '')).split(',').filter((s) => s !== ''),
    spiffe: sa === '' || namespace === '' ? '' : `spiffe://${string(metadata.TRUST_DOMAIN) || 'cluster.local'}/ns/${namespace}/sa/${sa}`,
    reporter: /^(client|server)$/i.test(string(metadata.PANOPTES_REPORTER)) ? string(metadata.PANOPTES_REPORTER).toLowerCase() : '',
  }
}

/** A proxy of which nothing is known but its id. */
export function strangeProxy(id: string): ProxyIdentity {
  return readProxy(id, {}, '')
}

function string(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
