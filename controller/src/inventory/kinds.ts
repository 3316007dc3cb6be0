import { type PermissionRole, permissions, resourceName } from '@panoptes/contract/ingest'
import { type KubeClient, textOf } from '../watch/index.ts'

/** A kind of objects that this cluster serves and that we watch. */
export interface Kind {
  /** As kubectl writes it: `pods`, `gateways.networking.istio.io`. */
  resource: string
  /** API group; empty = core. */
  group: string
  /** The version that the API server prefers. */
  version: string
  kind: string
  /** Of the collection in all namespaces. */
  path: string
  /** Only names, labels and keys are asked for: values never come here. */
  metadataOnly: boolean
}

interface Served {
  metadata?: { name?: string }
  versions?: { version: string; resources?: { resource: string; responseKind?: { kind: string } }[] }[]
}

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const withValues = new Set(['secrets', 'configmaps'])

/** The kinds of the table of permissions that these roles may watch and that the cluster serves. Throws where the API server does not answer. */
export async function servedKinds(client: KubeClient, roles: readonly PermissionRole[], signal: AbortSignal): Promise<Kind[]> {
  const wanted = new Map(permissions.filter((p) => roles.includes(p.role) && p.verbs.includes('watch')).map((p) => [resourceName(p), p]))
  const groups = (await Promise.all(['/api', '/apis'].map((root) => discover(client, root, signal)))).flat()
  const found = new Map<string, Kind>()
  for (const { metadata, versions = [] } of groups) {
    const group = metadata?.name ?? ''
    for (const { version, resources = [] } of versions) {
      for (const { resource, responseKind } of resources) {
        const name = resourceName({ group, resource })
        if (!wanted.has(name) || found.has(name) || !responseKind) continue
        const path = `${group ? `/apis/${group}` : '/api'}/${version}/${resource}`
        found.set(name, { resource: name, group, version, kind: responseKind.kind, path, metadataOnly: group === '' && withValues.has(resource) })
      }
    }
  }
  return [...found.values()]
}

async function discover(client: KubeClient, root: string, signal: AbortSignal): Promise<Served[]> {
  const answer = await client.get(root, { signal, stallMs: 10_000, accept: `${aggregated},application/json;q=0.1` })
  const text = await textOf(answer.chunks)
  if (answer.status !== 200) throw new Error(`${root}: ${answer.status} ${text.slice(0, 200)}`)
  return (JSON.parse(text) as { items?: Served[] }).items ?? []
}
