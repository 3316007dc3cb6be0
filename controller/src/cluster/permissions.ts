import { PanoptesError, type Permission, type PermissionRole, permissionId, permissions, resourceName } from '@panoptes/contract/ingest'
import type { KubeRequests } from '../watch/index.ts'

interface Rule {
  verbs: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
}
interface RulesReview {
  status?: { resourceRules?: Rule[]; incomplete?: boolean }
}
interface AccessReview {
  status?: { allowed?: boolean }
}

/** Rules of a namespace that nobody has: what is left are those that hold everywhere. */
const nowhere = 'panoptes-asks-for-rules-that-hold-everywhere'
const reviews = '/apis/authorization.k8s.io/v1'

/**
 * Asks the API server which of our permissions this account lacks, as ids of contract/src/clusters/permissions.ts. Kinds that the cluster does not
 * serve are not asked for. One request where roles decide; where the API server says that its answer is incomplete (a webhook decides), one for each.
 * @throws PanoptesError PAN0504 where even that is refused
 */
export async function missingPermissions(client: KubeRequests, roles: readonly PermissionRole[], served: ReadonlySet<string>): Promise<string[]> {
  const wanted = permissions
    .filter((p) => roles.includes(p.role) && (p.core || served.has(resourceName(p))))
    .flatMap((p) => p.verbs.map((verb) => ({ p, verb })))
  const { status, body } = await client.send('POST', `${reviews}/selfsubjectrulesreviews`, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace: nowhere },
  })
  if (status >= 300) throw new PanoptesError('PAN0504', `What this account may do was refused with ${status}: ${messageOf(body)}`, { status })
  const { resourceRules = [], incomplete = false } = (body as RulesReview).status ?? {}
  const missing = wanted.filter(({ p, verb }) => !resourceRules.some((rule) => allows(rule, p, verb)))
  if (!incomplete) return missing.map(({ p, verb }) => permissionId(p, verb))
  const refused = await Promise.all(missing.map(async ({ p, verb }) => ((await isAllowed(client, p, verb)) ? [] : [permissionId(p, verb)])))
  return refused.flat()
}

function allows({ verbs, apiGroups = [], resources = [], resourceNames = [] }: Rule, { group, resource, names = [] }: Permission, verb: string): boolean {
  const has = (list: readonly string[], item: string) => list.includes('*') || list.includes(item)
  const named = resourceNames.length === 0 || (names.length > 0 && names.every((name) => resourceNames.includes(name)))
  return named && has(verbs, verb) && has(apiGroups, group) && has(resources, resource)
}

async function isAllowed(client: KubeRequests, { group, resource, names }: Permission, verb: string): Promise<boolean> {
  const { body } = await client.send('POST', `${reviews}/selfsubjectaccessreviews`, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { group, resource, verb, ...(names ? { name: names[0] } : {}) } },
  })
  return (body as AccessReview).status?.allowed === true
}

/** What the API server says in its Status object. */
export const messageOf = (body: unknown): string => String((body as { message?: unknown } | null)?.message ?? body).slice(0, 500)
