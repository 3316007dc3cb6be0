import { setImmediate } from 'node:timers/promises'
import { parseQuery, trafficRoutes } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { Encoded, implement } from '../platform/http/index.ts'
import { completenessAnswer } from './completeness-answers.ts'
import { scopeOf, type Traffic } from './deps.ts'
import { keepPositions, listPositions } from './positions.ts'
import { topology } from './topology.ts'
import { resolveWindow, wholeMinutes } from './window.ts'

/** The map and the page of completeness. */
export function registerMap(app: FastifyInstance, { reader, db, marks, maps, absences }: Traffic): void {
  implement(app, trafficRoutes.getTopology, async ({ query, principal, signal }) => {
    const began = performance.now()
    const scope = scopeOf(principal, query.origin)
    const window = wholeMinutes(resolveWindow(query), query.from)
    const confined = reader(scope)
    const request = { query: parseQuery(query.query), window, by: query.by, quantiles: query.quantiles, side: query.side, signal }
    const [map, positions, completeness] = await Promise.all([
      maps ? maps.topology(confined, scope, request) : topology(confined, request),
      listPositions(db, principal.org),
      marks.mark(confined, scope, window),
    ])
    const places = new Map(positions.map((position) => [position.id, position]))
    const nodes = map.nodes.map((node) => ({ ...node, x: places.get(node.id)?.x ?? null, y: places.get(node.id)?.y ?? null }))
    const asked = { query: query.query, from: window.from, to: window.to }
    const lists = [await listJson(nodes), await listJson(map.edges)]
    const rest = JSON.stringify({ asked, completeness, tookMs: performance.now() - began })
    return new Encoded(`{"nodes":${lists[0]},"edges":${lists[1]},${rest.slice(1)}`)
  })

  implement(app, trafficRoutes.getPositions, async ({ principal }) => ({ positions: await listPositions(db, principal.org) }))

  implement(app, trafficRoutes.putPositions, async ({ principal, body, audit }) => {
    const kept = await keepPositions(db, principal.org, body.positions)
    audit({ target: 'map', after: { positions: kept } })
    return { kept }
  })

  implement(app, trafficRoutes.getCompleteness, async ({ query, principal, signal }) => {
    const scope = scopeOf(principal, query.origin)
    const { stepS, proxy, cluster, limit } = query
    return completenessAnswer(reader(scope), { window: resolveWindow(query), stepS, proxy, cluster, limit, signal }, await absences(scope.org))
  })
}

/** A long list as JSON, in pieces, so that other requests are not held up. */
async function listJson(items: readonly object[]): Promise<string> {
  const pieces: string[] = []
  for (let i = 0; i < items.length; i += 2_000) {
    pieces.push(JSON.stringify(items.slice(i, i + 2_000)).slice(1, -1))
    await setImmediate()
  }
  return `[${pieces.join(',')}]`
}
