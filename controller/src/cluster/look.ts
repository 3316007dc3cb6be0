import { PanoptesError } from '@panoptes/contract/ingest'
import { type KubeRequests, textOf } from '../watch/index.ts'
import { messageOf } from './permissions.ts'

/** Who a cluster is, and what it serves. */
export interface Look {
  uid: string
  version: string
  orchestration: string
  apiServers: string[]
  /** As `pods` or `gateways.networking.istio.io`. */
  served: Set<string>
}

interface Named {
  metadata?: { uid?: string; labels?: Record<string, string> }
}
interface LeaseList {
  items?: { spec?: { holderIdentity?: string } }[]
}
interface Discovery {
  items?: { metadata?: { name?: string }; versions?: { resources?: { resource: string }[] }[] }[]
}
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/**
 * Looks at a cluster: who it is (the UID of its namespace kube-system), which version, who runs it, who its API servers are, and what it serves.
 * What may not be read stays empty. Throws PAN0503 where it does not answer, PAN0504 where it does not know who we are.
 */
export async function lookAtCluster(client: KubeRequests): Promise<Look> {
  const ask = async <T>(path: string): Promise<T | undefined> => {
    const { status, body } = await client.send('GET', path).catch((error: Error) => {
      throw new PanoptesError('PAN0503', error.message)
    })
    if (status === 401) throw new PanoptesError('PAN0504', `The API server does not know this token or certificate: ${messageOf(body)}`, { status })
    return status === 200 ? (body as T) : undefined
  }
  const version = (await ask<{ gitVersion?: string }>('/version'))?.gitVersion ?? ''
  const [system, nodes, leases, core, groups] = await Promise.all([
    ask<Named>('/api/v1/namespaces/kube-system'),
    ask<{ items?: Named[] }>('/api/v1/nodes?limit=1'),
    ask<LeaseList>('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?labelSelector=apiserver.kubernetes.io%2Fidentity%3Dkube-apiserver'),
    discover(client, '/api'),
    discover(client, '/apis'),
  ])
  const served = new Set([...core, ...groups])
  const apiServers = (leases?.items ?? []).flatMap((lease) => lease.spec?.holderIdentity ?? []).sort()
  return {
    uid: system?.metadata?.uid ?? '',
    version,
    orchestration: orchestrationOf(version, Object.keys(nodes?.items?.[0]?.metadata?.labels ?? {}), served),
    apiServers: apiServers.slice(0, 100),
    served,
  }
}

/** All resources under one root, in one request. */
async function discover(client: KubeRequests, root: string): Promise<string[]> {
  const answer = await client.get(root, { stallMs: 10_000, accept: `${aggregated},application/json;q=0.1` })
  const text = await textOf(answer.chunks)
  const { items = [] } = answer.status === 200 ? (JSON.parse(text) as Discovery) : {}
  return items.flatMap(({ metadata, versions = [] }) =>
    versions.flatMap(({ resources = [] }) => resources.map(({ resource }) => (metadata?.name ? `${resource}.${metadata.name}` : resource))),
  )
}

/** Who runs this Kubernetes, as far as its version, the labels of a node and its own kinds tell; else `plain`. */
export function orchestrationOf(version: string, nodeLabels: readonly string[], served: ReadonlySet<string>): string {
  const labelled = (domain: string) => nodeLabels.some((label) => label.split('/')[0]!.endsWith(domain))
  if (served.has('clusterversions.config.openshift.io')) return 'openshift'
  if (version.includes('-gke.')) return 'gke'
  if (version.includes('-eks-')) return 'eks'
  if (version.includes('+IKS')) return 'iks'
  if (/\+(rke2|k3s)/.test(version) || served.has('clusters.management.cattle.io')) return 'rancher'
  if (labelled('kubernetes.azure.com')) return 'aks'
  if (labelled('doks.digitalocean.com')) return 'digitalocean'
  return 'plain'
}
