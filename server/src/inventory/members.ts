import { type EnvironmentMatch, type EnvironmentRule, parseLabelSelector, selectorMatches } from '@panoptes/contract'
import type { Principal } from '../platform/http/index.ts'
import type { State } from '../platform/state/index.ts'
import { getEnvironment } from './environments.ts'
import { stateSql } from './objects.ts'
import { confinedReader, type Members, moment, type Reader, type ReaderOf, Where } from './reader.ts'
import { type Asked, type View, viewAt } from './view.ts'

/** A namespace as the inventory knows it. */
export interface NamespaceAt {
  cluster: string
  namespace: string
  labels: Record<string, string>
}

/** Other names under which the record goes on with a cluster, by the name that a rule tells. */
export type Successors = ReadonlyMap<string, readonly string[]>

interface Found {
  cluster: string
  namespace: string
  labels_: string
}
const labels = (column: string) => `JSONExtractRaw(${column}, 'labels')`
const namespaceOf = ({ cluster, namespace, labels_ }: Found): NamespaceAt => ({ cluster, namespace, labels: labels_ ? JSON.parse(labels_) : {} })

/** The namespaces of a view. */
export async function namespacesAt(reader: Reader, view: View): Promise<NamespaceAt[]> {
  const where = new Where()
  const rows = await reader.query<Found>(
    `SELECT cluster, name_ AS namespace, ${labels('summary_')} AS labels_ FROM (${stateSql(view, { kinds: ['Namespace'] }, where)})
     WHERE api_group_ = '' ORDER BY cluster, namespace`,
    where.params,
  )
  return rows.map(namespaceOf)
}

/** Namespaces that were told of between two moments (µs), with all labels that they had. */
async function namespacesTold(reader: Reader, fromUs: number, toUs: number, cluster: string | undefined): Promise<NamespaceAt[]> {
  const where = new Where()
    .equal('cluster', 'String', cluster)
    .add(`ts > ${moment(fromUs)}`)
    .add(`ts <= ${moment(toUs)}`)
  const rows = await reader.query<Found>(
    `SELECT DISTINCT cluster, name AS namespace, ${labels('summary')} AS labels_ FROM objects
     WHERE ${where.sql} AND kind = 'Namespace' AND api_group = '' AND event NOT IN ('synced', 'deleted')`,
    where.params,
  )
  return rows.map(namespaceOf)
}

async function definedClusters(db: State['db'], org: string): Promise<string[]> {
  return (await db.selectFrom('clusters').select('name').where('org', '=', org).execute()).map(({ name }) => name)
}

/**
 * Where clusters have gone on that rules name and that are no longer defined: under each name whose namespace kube-system has the same UID. A cluster
 * that was deleted here and connected under another name so stays in its environments.
 */
export async function successorsOf(db: State['db'], org: string, reader: Reader, rules: readonly EnvironmentRule[]): Promise<Successors> {
  const named = new Set(rules.flatMap(({ clusters }) => (clusters === 'all' ? [] : clusters)))
  const defined = new Set(await definedClusters(db, org))
  const gone = [...named].filter((name) => !defined.has(name))
  if (gone.length === 0) return new Map()
  const known = await reader.query<{ cluster: string; uid: string }>(
    "SELECT DISTINCT cluster, toString(uid) AS uid FROM objects WHERE api_group = '' AND kind = 'Namespace' AND namespace = '' AND name = 'kube-system' AND event != 'synced'",
  )
  return new Map(
    gone.map((name) => {
      const uids = new Set(known.filter(({ cluster }) => cluster === name).map(({ uid }) => uid))
      return [name, known.filter(({ cluster, uid }) => cluster !== name && defined.has(cluster) && uids.has(uid)).map(({ cluster }) => cluster)]
    }),
  )
}

export interface Match extends NamespaceAt {
  /** Indices of the rules that take it. */
  rules: number[]
}

/** The namespaces that rules take, each with those that do. */
export function matchRules(rules: readonly EnvironmentRule[], namespaces: readonly NamespaceAt[], successors: Successors = new Map()): Match[] {
  const tests = rules.map((rule) => testOf(rule, successors))
  return namespaces.flatMap((namespace) => {
    const taking = tests.flatMap((takes, index) => (takes(namespace) ? [index] : []))
    return taking.length > 0 ? [{ ...namespace, rules: taking }] : []
  })
}

function testOf(rule: EnvironmentRule, successors: Successors): (namespace: NamespaceAt) => boolean {
  const clusters = rule.clusters === 'all' ? undefined : new Set(rule.clusters.flatMap((name) => [name, ...(successors.get(name) ?? [])]))
  const names = rule.namespaces === 'all' ? undefined : new Set(rule.namespaces)
  const selector = parseLabelSelector(rule.labels)
  return ({ cluster, namespace, labels: told }) => clusters?.has(cluster) !== false && names?.has(namespace) !== false && selectorMatches(selector, told)
}

/** Names in rules that nothing bears: clusters of which no namespace is known, and namespaces that are in none of the rule's clusters. */
export function unknownNames(rules: readonly EnvironmentRule[], namespaces: readonly NamespaceAt[], successors: Successors): EnvironmentMatch['unknown'] {
  const clusters = new Set(namespaces.map(({ cluster }) => cluster))
  const known = (name: string) => [name, ...(successors.get(name) ?? [])].some((one) => clusters.has(one))
  return rules.flatMap((rule, index) => {
    const there = new Set(matchRules([{ ...rule, namespaces: 'all', labels: '' }], namespaces, successors).map(({ namespace }) => namespace))
    const missing = {
      clusters: rule.clusters === 'all' ? [] : rule.clusters.filter((name) => !known(name)),
      namespaces: rule.namespaces === 'all' ? [] : rule.namespaces.filter((name) => !there.has(name)),
    }
    return missing.clusters.length + missing.namespaces.length > 0 ? [{ rule: index, ...missing }] : []
  })
}

/** When an environment's members are asked for: at a moment, or at any time of a window that begins then. */
export interface AskedMembers extends Asked {
  /** End of the window, µs. */
  toUs?: number | undefined
}

/**
 * Which namespaces belong to an environment, as they and their labels were at the moment; in a window those that belonged to it at any time of it.
 * Undefined where no environment is told: everything. Throws PAN0007 where there is no such environment.
 */
export async function membersOf(
  { db, org, reader }: { db: State['db']; org: string; reader: Reader },
  environment: string | undefined,
  { toUs, ...asked }: AskedMembers,
): Promise<Members | undefined> {
  if (!environment) return undefined
  const { rules } = await getEnvironment(db, org, environment)
  const [view, successors] = await Promise.all([viewAt(reader, { ...asked, kinds: ['Namespace'] }), successorsOf(db, org, reader, rules)])
  const known = await namespacesAt(reader, view)
  const told = toUs !== undefined && toUs > view.atUs ? await namespacesTold(reader, view.atUs, toUs, asked.cluster) : []
  const members = new Map<string, Set<string>>()
  for (const { cluster, namespace } of matchRules(rules, [...known, ...told], successors))
    members.set(cluster, (members.get(cluster) ?? new Set()).add(namespace))
  return new Map([...members].map(([cluster, names]) => [cluster, [...names]]))
}

/** For other rooms: the namespaces that belonged to an environment at any time of a window (µs), and the clusters that there are. Throws PAN0007. */
export function environmentMembers(db: State['db'], readerOf: ReaderOf) {
  return async (principal: Principal, environment: string, { fromUs, toUs }: { fromUs: number; toUs: number }, signal: AbortSignal) => {
    const reader = confinedReader(readerOf, principal, 'all', signal)
    const asked = membersOf({ db, org: principal.org, reader }, environment, { atUs: fromUs, toUs })
    const [namespaces = new Map(), clusters] = await Promise.all([asked, definedClusters(db, principal.org)])
    return { namespaces, clusters }
  }
}
