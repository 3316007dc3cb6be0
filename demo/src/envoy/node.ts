import type { Pod } from '../bank/index.ts'
import type { ProtoWriter } from './proto.ts'

/** Version of the bank's proxies and of the mesh that configured them. */
const envoyVersion = [1, 40, 0] as const
const istioVersion = '1.31.0'

/** Labels of the pod, as its Kubernetes object carries them. */
function labelsOf(pod: Pod): Record<string, string> {
  const { name, version, service, gateway } = pod.workload
  return {
    app: service,
    version,
    'service.istio.io/canonical-name': service,
    'service.istio.io/canonical-revision': version,
    'security.istio.io/tlsMode': 'istio',
    'topology.istio.io/network': pod.cluster,
    ...(pod.templateHash ? { 'pod-template-hash': pod.templateHash } : { 'statefulset.kubernetes.io/pod-name': pod.name }),
    ...(gateway ? { istio: name } : {}),
  }
}

/** Node metadata that Istio's agent puts into the bootstrap of the proxy. */
export function metadataOf(pod: Pod): Record<string, string | Record<string, string>> {
  const { workload } = pod
  const owner = { deployment: 'apis/apps/v1', statefulset: 'apis/apps/v1', cronjob: 'apis/batch/v1' }[workload.kind]
  return {
    NAME: pod.name,
    NAMESPACE: workload.namespace,
    CLUSTER_ID: pod.cluster,
    MESH_ID: 'cluster.local',
    NETWORK: pod.cluster,
    WORKLOAD_NAME: workload.name,
    OWNER: `kubernetes://${owner}/namespaces/${workload.namespace}/${workload.kind}s/${workload.name}`,
    LABELS: labelsOf(pod),
    SERVICE_ACCOUNT: workload.service,
    INSTANCE_IPS: pod.ip,
    NODE_NAME: pod.node.name,
    APP_CONTAINERS: workload.gateway ? 'istio-proxy' : workload.service,
    INTERCEPTION_MODE: 'REDIRECT',
    ISTIO_VERSION: istioVersion,
    PILOT_SAN: 'istiod.istio-system.svc',
    // Not Istio's own: proxyMetadata ISTIO_META_POD_UID from the downward API, as docs/collect.md advises.
    POD_UID: pod.uid,
  }
}

/** Writes `identifier.node` (envoy.config.core.v3.Node) as the given field. */
export function writeNode(out: ProtoWriter, field: number, pod: Pod): void {
  out.message(field, () => {
    out.string(1, pod.proxy)
    out.string(2, `${pod.workload.service}.${pod.workload.namespace}`)
    out.message(3, () => writeStruct(out, metadataOf(pod)))
    out.message(4, () => {
      out.string(1, pod.node.region)
      out.string(2, pod.node.zone)
    })
    out.string(6, 'envoy')
    out.message(8, () => {
      out.message(1, () => envoyVersion.forEach((part, i) => void out.uint(i + 1, part)))
      out.message(2, () => writeStruct(out, { 'build.type': 'RELEASE', 'ssl.version': 'BoringSSL', 'revision.status': 'Clean' }))
    })
  })
}

/** google.protobuf.Struct of strings and structs of strings. */
export function writeStruct(out: ProtoWriter, fields: Record<string, string | Record<string, string>>): void {
  for (const [key, value] of Object.entries(fields)) {
    out.message(1, () => {
      out.string(1, key)
      out.message(2, () => {
        if (typeof value === 'string') {
          if (value === '') out.message(3, () => {})
          else out.string(3, value)
        } else out.message(5, () => writeStruct(out, value))
      })
    })
  }
}
