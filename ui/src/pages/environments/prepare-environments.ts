import {
  type Environment,
  type EnvironmentInput,
  type EnvironmentMatch,
  type EnvironmentNamespace,
  type EnvironmentRule,
  parseLabelSelector,
} from '@panoptes/contract'

/** A rule as its form holds it; nothing in a field is all. */
export interface RuleDraft {
  /** Tells it from the others, while rules come and go. */
  id: number
  clusters: string[]
  namespaces: string[]
  labels: string
}

export type Draft = Pick<EnvironmentInput, 'name' | 'description' | 'color'> & { rules: RuleDraft[] }

/** One more than any there is. */
const nextId = (rules: readonly RuleDraft[]) => Math.max(0, ...rules.map(({ id }) => id)) + 1

export const withRule = (rules: RuleDraft[]): RuleDraft[] => [...rules, { id: nextId(rules), clusters: [], namespaces: [], labels: '' }]

/** The form of an environment; of a new one with one rule to fill in. */
export function draftOf(environment: Environment | undefined): Draft {
  if (!environment) return { name: '', description: '', color: 'blue', rules: withRule([]) }
  const { name, description, color, rules } = environment
  const names = (told: 'all' | string[]) => (told === 'all' ? [] : told)
  return {
    ...{ name, description, color },
    rules: rules.map((rule, index) => ({ id: index + 1, clusters: names(rule.clusters), namespaces: names(rule.namespaces), labels: rule.labels })),
  }
}

export function ruleOf({ clusters, namespaces, labels }: RuleDraft): EnvironmentRule {
  const of = (names: string[]) => (names.length > 0 ? names : ('all' as const))
  return { clusters: of(clusters), namespaces: of(namespaces), labels: labels.trim() }
}

/** What is wrong with a selector, if anything. */
export function wrongIn(labels: string): string | undefined {
  try {
    parseLabelSelector(labels)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** Namespaces of one cluster, of those that belong to an environment. */
export interface ClusterPart {
  cluster: string
  namespaces: (EnvironmentNamespace & { change?: 'added' | 'removed' })[]
}

/** What belongs to an environment, by cluster; with what did at an earlier moment, also what came and went. */
export function partsOf({ namespaces }: Pick<EnvironmentMatch, 'namespaces'>, before?: Pick<EnvironmentMatch, 'namespaces'>): ClusterPart[] {
  const key = ({ cluster, namespace }: EnvironmentNamespace) => `${cluster}/${namespace}`
  const now = new Set(namespaces.map(key))
  const then = new Set(before?.namespaces.map(key))
  const gone = (before?.namespaces ?? []).filter((one) => !now.has(key(one))).map((one) => ({ ...one, change: 'removed' as const }))
  const here = namespaces.map((one) => (before && !then.has(key(one)) ? { ...one, change: 'added' as const } : one))
  const parts = new Map<string, ClusterPart['namespaces']>()
  for (const one of [...here, ...gone]) parts.set(one.cluster, [...(parts.get(one.cluster) ?? []), one])
  return [...parts]
    .map(([cluster, list]) => ({ cluster, namespaces: list.sort((a, b) => a.namespace.localeCompare(b.namespace)) }))
    .sort((a, b) => a.cluster.localeCompare(b.cluster))
}

/** Names in rules that stand for nothing, in sentences. */
export function unknownWords(unknown: EnvironmentMatch['unknown']): string[] {
  return unknown.flatMap(({ rule, clusters, namespaces }) => [
    ...(clusters.length > 0 ? [`Rule ${rule + 1}: nothing is known of cluster ${clusters.join(', ')} at this moment.`] : []),
    ...(namespaces.length > 0 ? [`Rule ${rule + 1}: there is no namespace ${namespaces.join(', ')} at this moment.`] : []),
  ])
}
