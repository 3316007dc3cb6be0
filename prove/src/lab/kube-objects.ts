import type { Cluster } from '../kube.ts'

/** An object of Kubernetes, as far as proofs look into one. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; uid?: string; annotations?: Record<string, string> }
  [field: string]: unknown
}

interface Resource {
  name: string
  kind: string
  namespaced: boolean
  verbs: string[]
}

export interface Served extends Resource {
  /** `/api/v1` or `/apis/group/version`. */
  root: string
}

/** Everything that the API server serves and lists, in its preferred versions. */
export async function resourcesOf(cluster: Cluster): Promise<Served[]> {
  const { groups } = (await cluster.must('GET', '/apis')) as { groups: { preferredVersion: { groupVersion: string } }[] }
  const roots = ['/api/v1', ...groups.map((group) => `/apis/${group.preferredVersion.groupVersion}`)]
  const lists = await Promise.all(roots.map(async (root) => ({ root, list: (await cluster.call('GET', root)).body as { resources?: Resource[] } })))
  return lists.flatMap(({ root, list }) =>
    (list.resources ?? []).filter((r) => !r.name.includes('/') && r.verbs.includes('list')).map((resource) => ({ ...resource, root })),
  )
}

/** All objects that match, as `kind namespace/name`. */
export async function objectsWhere(cluster: Cluster, matches: (object: KubeObject) => boolean): Promise<string[]> {
  const found: string[] = []
  for (const { root, name, kind } of await resourcesOf(cluster)) {
    const { items = [] } = (await cluster.call('GET', `${root}/${name}`)).body as { items?: KubeObject[] }
    for (const item of items) if (matches(item)) found.push(`${kind} ${item.metadata.namespace ?? ''}/${item.metadata.name}`)
  }
  return found
}

/** Creates an object as the API server would, with unknown fields refused, and says how it answered. `dry`: nothing is kept. */
export async function submit(cluster: Cluster, served: readonly Served[], object: KubeObject, dry: boolean): Promise<{ status: number; message: string }> {
  const root = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`
  const resource = served.find((one) => one.kind === object.kind && one.root === root)
  if (!resource) return { status: 404, message: `${object.apiVersion} ${object.kind} is not served` }
  const place = resource.namespaced ? `/namespaces/${object.metadata.namespace}` : ''
  const answer = await cluster.call('POST', `${root}${place}/${resource.name}?fieldValidation=Strict${dry ? '&dryRun=All' : ''}`, object)
  return { status: answer.status, message: answer.body?.message ?? '' }
}

/** Makes kinds that are not there, without a schema, so that rights on them can be told from rights on nothing. */
export async function serveKinds(cluster: Cluster, kinds: readonly { group: string; resource: string }[]): Promise<number> {
  const served = new Set((await resourcesOf(cluster)).map(({ root, name }) => `${name}.${root.split('/')[2] === 'v1' ? '' : root.split('/')[2]}`))
  const missing = kinds.filter(({ group, resource }) => group !== '' && !served.has(`${resource}.${group}`))
  for (const { group, resource } of missing) {
    const kind = `Lab${resource[0]!.toUpperCase()}${resource.slice(1)}`
    await cluster.must('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${resource}.${group}`, annotations: { 'api-approved.kubernetes.io': 'unapproved, for a lab' } },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: resource, kind, listKind: `${kind}List` },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
      },
    })
  }
  return missing.length
}
