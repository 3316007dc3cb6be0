import { setImmediate } from 'node:timers/promises'
import { trafficRoutes } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { Encoded, implement } from '../platform/http/index.ts'
import { completenessAnswer } from './completeness-answers.ts'
import { scopeOf, type Traffic } from './deps.ts'
import { questionOf } from './environment.ts'
import { keepPositions, listPositions, type Position, placesStamp } from './positions.ts'
import { topology } from './topology.ts'
import type { Edge, Node } from './topology-model.ts'
import { resolveWindow, wholeMinutes } from './window.ts'

/** The map and the page of completeness. */
export function registerMap(app: FastifyInstance, { reader, db, marks, maps, absences, members }: Traffic): void {
  implement(app, trafficRoutes.getTopology, async ({ query, principal, signal }) => {
    const began = performance.now()
    const scope = scopeOf(principal, query.origin)
    const window = wholeMinutes(resolveWindow(query), query.from)
    const confined = reader(scope)
    const asks = await questionOf(members, principal, query, window, signal)
    const request = { query: asks, window, by: query.by, quantiles: query.quantiles, side: query.side, signal }
    const [map, stamp, completeness] = await Promise.all([
      maps ? maps.topology(confined, scope, request) : topology(confined, request),
      placesStamp(db, scope.org),
      marks.mark(confined, scope, window, 10),
    ])
    const asked = { query: query.query, from: window.from, to: window.to }
    const nodes = await nodesJson(map.nodes, stamp, () => listPositions(db, scope.org))
    const edges = await edgesJson(map.edges)
    const rest = JSON.stringify({ asked, completeness, tookMs: performance.now() - began })
    return new Encoded('{"nodes":', nodes, ',"edges":[', ...edges, `],${rest.slice(1)}`)
  })

  implement(app, trafficRoutes.getPositions, async ({ principal }) => ({ positions: await listPositions(db, principal.org) }))

  implement(app, trafficRoutes.putPositions, async ({ principal, body, audit }) => {
    const kept = await keepPositions(db, principal.org, body.positions)
    audit({ target: 'map', after: { positions: kept } })
    return { kept }
  })

  implement(app, trafficRoutes.getCompletenessMark, async ({ query, principal }) => {
    const scope = scopeOf(principal, query.origin)
    const window = resolveWindow(query)
    return { from: window.from, to: window.to, total: await marks.mark(reader(scope), scope, window, markPatienceMs) }
  })

  implement(app, trafficRoutes.getCompleteness, async ({ query, principal, signal }) => {
    const scope = scopeOf(principal, query.origin)
    const { stepS, proxy, cluster, limit } = query
    return completenessAnswer(reader(scope), { window: resolveWindow(query), stepS, proxy, cluster, limit, signal }, await absences(scope.org))
  })
}

/** Who asks for nothing but a mark that nobody has asked for waits for it, but not for one of days that is being counted. */
const markPatienceMs = 5_000

/** Links written before the process may do something else. */
const atOnce = 2_000

/** Lists of nodes as they were written, and where they stood. */
const placed = new WeakMap<readonly Node[], { stamp: string; text: Promise<Buffer> }>()

function nodesJson(nodes: readonly Node[], stamp: string, places: () => Promise<Position[]>): Promise<Buffer> {
  const known = placed.get(nodes)
  if (known?.stamp === stamp) return known.text
  const text = places().then((positions) => {
    const byId = new Map(positions.map((position) => [position.id, position]))
    return Buffer.from(JSON.stringify(nodes.map((node) => ({ ...node, x: byId.get(node.id)?.x ?? null, y: byId.get(node.id)?.y ?? null }))))
  })
  placed.set(nodes, { stamp, text })
  text.catch(() => placed.delete(nodes))
  return text
}

/** Lists of lines as they were written: a map that has not changed is the same list. */
const written = new WeakMap<readonly Edge[], Promise<Buffer[]>>()

function edgesJson(edges: readonly Edge[]): Promise<Buffer[]> {
  const text = written.get(edges) ?? writeEdges(edges)
  written.set(edges, text)
  return text
}

/** The lines of a map as JSON, in pieces. Written by hand: there are thousands, and most of each is text that is known to be plain. */
async function writeEdges(edges: readonly Edge[]): Promise<Buffer[]> {
  const quoted = new Map<string, string>()
  const quote = (text: string) => {
    const known = quoted.get(text) ?? JSON.stringify(text)
    quoted.set(text, known)
    return known
  }
  const lists = new Map<readonly string[], string>()
  const list = (services: readonly string[]) => {
    const known = lists.get(services) ?? JSON.stringify(services)
    lists.set(services, known)
    return known
  }
  const pieces: Buffer[] = []
  for (let i = 0; i < edges.length; i += atOnce) {
    const lines = edges
      .slice(i, i + atOnce)
      .map(
        (e) =>
          `{"id":${JSON.stringify(e.id)},"from":${quote(e.from)},"to":${quote(e.to)},"protocol":${quote(e.protocol)},"count":${e.count},"rate":${Math.round(e.rate * 1e6) / 1e6},"errors":${e.errors},"denied":${e.denied},"reqBytes":${e.reqBytes},"respBytes":${e.respBytes},"mtlsRatio":${Math.round(e.mtlsRatio * 1e6) / 1e6},"p50Us":${e.p50Us},"p95Us":${e.p95Us},"p99Us":${e.p99Us},"services":${list(e.services)}}`,
      )
    // Each piece leaves the heap at once: four megabytes of text in it would have to be carried about.
    pieces.push(Buffer.from(`${i > 0 ? ',' : ''}${lines.join(',')}`))
    await setImmediate()
  }
  return pieces
}
