import { describeRule, type Environment, type EnvironmentCounts, type EnvironmentRule, environmentRoutes } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { implement, type Principal, resolveMoment } from '../platform/http/index.ts'
import type { State } from '../platform/state/index.ts'
import { createEnvironment, deleteEnvironment, getEnvironment, listEnvironments, updateEnvironment } from './environments.ts'
import { type Match, matchRules, namespacesAt, successorsOf, unknownNames } from './members.ts'
import { confinedReader, isoOf, type ReaderOf } from './reader.ts'
import { describeView, viewAt } from './view.ts'
import { countWorkloads, workloadKinds } from './workloads.ts'

export interface EnvironmentDeps {
  db: State['db']
  reader: ReaderOf
}

interface Matching {
  at: string
  origin: 'user' | 'demo' | 'all'
}

/** Environments: kept, and matched against the inventory of any moment. */
export function registerEnvironments(app: FastifyInstance, { db, reader: readerOf }: EnvironmentDeps): void {
  /** The namespaces and workloads of a moment, against which rules are held. */
  const look = async (principal: Principal, { at, origin }: Matching, signal: AbortSignal) => {
    const reader = confinedReader(readerOf, principal, origin, signal)
    const atUs = resolveMoment(at, Date.now(), 'at') * 1000
    const [view, pods] = await Promise.all([viewAt(reader, { atUs, kinds: ['Namespace'] }), viewAt(reader, { atUs, kinds: workloadKinds })])
    const [namespaces, workloads] = await Promise.all([namespacesAt(reader, view), countWorkloads(reader, pods)])
    return { reader, view, namespaces, workloads: (match: Match) => workloads.get(`${match.cluster}/${match.namespace}`) ?? 0 }
  }

  const match = async (principal: Principal, rules: readonly EnvironmentRule[], query: Matching & { limit: number }, signal: AbortSignal) => {
    const seen = await look(principal, query, signal)
    const [successors, clusters] = await Promise.all([successorsOf(db, principal.org, seen.reader, rules), describeView(seen.reader, seen.view)])
    const matches = matchRules(rules, seen.namespaces, successors)
    return {
      ...{ at: isoOf(seen.view.atUs), clusters, counts: countsOf(matches, seen.workloads) },
      namespaces: matches.slice(0, query.limit).map((found) => ({ ...found, workloads: seen.workloads(found) })),
      unknown: unknownNames(rules, seen.namespaces, successors),
    }
  }

  implement(app, environmentRoutes.listEnvironments, async ({ principal, query, signal }) => {
    const [{ environments, next }, seen] = await Promise.all([listEnvironments(db, principal.org, query), look(principal, query, signal)])
    const successors = await successorsOf(
      db,
      principal.org,
      seen.reader,
      environments.flatMap(({ rules }) => rules),
    )
    const counts = (environment: Environment) => countsOf(matchRules(environment.rules, seen.namespaces, successors), seen.workloads)
    return { at: isoOf(seen.view.atUs), environments: environments.map((one) => ({ ...one, counts: counts(one) })), next }
  })

  implement(app, environmentRoutes.getEnvironment, ({ principal, params }) => getEnvironment(db, principal.org, params.environment))

  implement(app, environmentRoutes.createEnvironment, async ({ principal, body, audit }) => {
    audit({ target: `environment/${body.name}`, after: auditOf(body) })
    return createEnvironment(db, principal.org, principal.name, body)
  })

  implement(app, environmentRoutes.updateEnvironment, async ({ principal, params, body, audit }) => {
    const { before, after } = await updateEnvironment(db, principal.org, params.environment, body)
    audit({ target: `environment/${before.name}`, before: auditOf(before), after: auditOf(after) })
    return after
  })

  implement(app, environmentRoutes.deleteEnvironment, async ({ principal, params, audit }) => {
    const gone = await deleteEnvironment(db, principal.org, params.environment)
    audit({ target: `environment/${gone.name}`, before: auditOf(gone) })
    return { done: true as const }
  })

  implement(app, environmentRoutes.matchEnvironment, async ({ principal, params, query, signal }) => {
    const { rules } = await getEnvironment(db, principal.org, params.environment)
    return match(principal, rules, query, signal)
  })

  implement(app, environmentRoutes.previewEnvironment, ({ principal, body, query, signal }) => match(principal, body.rules, query, signal))
}

const auditOf = ({ name, description, color, rules }: Pick<Environment, 'name' | 'description' | 'color' | 'rules'>) => ({
  ...{ name, description, color },
  rules: rules.map(describeRule),
})

function countsOf(matches: readonly Match[], workloads: (match: Match) => number): EnvironmentCounts {
  return {
    clusters: new Set(matches.map(({ cluster }) => cluster)).size,
    namespaces: matches.length,
    workloads: matches.reduce((sum, match) => sum + workloads(match), 0),
  }
}
