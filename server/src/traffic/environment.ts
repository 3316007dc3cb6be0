import { joinQueries, parseQuery, type Query } from '@panoptes/contract'
import type { Principal } from '../platform/http/index.ts'
import type { TimeWindow } from './window.ts'

/** The namespaces of an environment by cluster, and the clusters that there are. */
export interface Members {
  namespaces: ReadonlyMap<string, readonly string[]>
  clusters: readonly string[]
}

/** Finds which namespaces belonged to an environment at any time of a window. Throws PAN0007 where there is no such environment. */
export type MembersOf = (principal: Principal, environment: string, window: TimeWindow, signal: AbortSignal) => Promise<Members>

interface Asked {
  query: string
  environment?: string | undefined
}

/** The question of a request: its query, and of an environment only the accesses with an end in it. Throws PAN0201, PAN0007. */
export async function questionOf(members: MembersOf, principal: Principal, asked: Asked, window: TimeWindow, signal: AbortSignal): Promise<Query> {
  const query = parseQuery(asked.query)
  return asked.environment ? joinQueries('and', [query, withEndIn(await members(principal, asked.environment, window, signal))]) : query
}

/**
 * Accesses with an end in one of these namespaces. A mesh may call its cluster otherwise than it is called here (Istio's `Kubernetes`): an end in a
 * cluster of which nobody knows is in the one that has told of the access.
 */
export function withEndIn({ namespaces, clusters }: Members): Query {
  const text = (value: string) => ({ type: 'text' as const, parts: [value] })
  const ends = [...namespaces].flatMap(([cluster, names]) =>
    (['src', 'dst'] as const).map((end): Query => {
      const is = (field: string): Query => ({ kind: 'compare', field, op: '=', value: text(cluster) })
      const unknown: Query = clusters.length === 0 ? { kind: 'all' } : { kind: 'in', field: `${end}.cluster`, values: clusters.map(text), negated: true }
      const within: Query = { kind: 'in', field: `${end}.namespace`, values: names.map(text), negated: false }
      return joinQueries('and', [within, joinQueries('or', [is(`${end}.cluster`), joinQueries('and', [is('cluster'), unknown])])])
    }),
  )
  return ends.length > 0 ? joinQueries('or', ends) : { kind: 'not', item: { kind: 'all' } }
}
