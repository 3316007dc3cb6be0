import { columnsByField, type Output, trafficRoutes } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { Encoded, implement } from '../platform/http/index.ts'
import { getAccess } from './access.ts'
import { completion } from './completion.ts'
import { scopeOf, type Traffic } from './deps.ts'
import { questionOf } from './environment.ts'
import { exportAccesses } from './export.ts'
import { facets } from './facets.ts'
import { chooseFields } from './rows.ts'
import { readCursor, search, writeCursor } from './search.ts'
import { createSearch, deleteSearch, listSearches } from './searches.ts'
import { chooseStep, series } from './series.ts'
import { TailStream } from './tail.ts'
import { resolveWindow, windowOf } from './window.ts'

/** Search, one access, facets, series, completion, export, live view, fields and saved searches. */
export function registerRecord(app: FastifyInstance, { reader, db, marks, gaps, live, members }: Traffic): void {
  implement(app, trafficRoutes.searchAccesses, async ({ query, principal, signal }) => {
    const began = performance.now()
    const after = query.cursor ? readCursor(query.cursor) : undefined
    // The next page stays in the window that the first one resolved.
    const window = after ? windowOf(after.fromMs, after.toMs) : resolveWindow(query)
    const scope = scopeOf(principal, query.origin)
    const confined = reader(scope)
    const { limit, order } = query
    const asks = await questionOf(members, principal, query, window, signal)
    const [{ accesses, more }, completeness] = await Promise.all([
      search(confined, { query: asks, window, fields: chooseFields(query.fields), limit, order, after, signal }),
      marks.mark(confined, scope, window),
    ])
    const asked = { query: query.query, from: window.from, to: window.to }
    const next = more ? writeCursor(more) : null
    const answer: Output<typeof trafficRoutes.searchAccesses> = { asked, accesses, next, completeness, tookMs: performance.now() - began }
    // Made here field by field: to check a page of them once more against its schema takes about a millisecond.
    return new Encoded(JSON.stringify(answer))
  })

  implement(app, trafficRoutes.listFacets, async ({ query, principal, signal }) => {
    const window = resolveWindow(query)
    const fields = query.fields.split(',').filter(Boolean)
    const asks = await questionOf(members, principal, query, window, signal)
    const found = await facets(reader(scopeOf(principal, query.origin)), { query: asks, window, fields, limit: query.limit, signal })
    return { asked: { query: query.query, from: window.from, to: window.to }, facets: found }
  })

  implement(app, trafficRoutes.getSeries, async ({ query, principal, signal }) => {
    const window = resolveWindow(query)
    const scope = scopeOf(principal, query.origin)
    const confined = reader(scope)
    const stepS = query.stepS ?? chooseStep(window)
    const asks = await questionOf(members, principal, query, window, signal)
    const [lines, known, completeness] = await Promise.all([
      series(confined, { query: asks, window, stepS, by: query.by, signal }),
      gaps.of(confined, scope, window),
      marks.mark(confined, scope, window),
    ])
    const holes = known.filter((gap) => gap.stream === 'accesses').map(({ from, to, reason, missed }) => ({ from, to, reason, missed }))
    const answer: Output<typeof trafficRoutes.getSeries> = {
      asked: { query: query.query, from: window.from, to: window.to },
      stepS,
      series: lines,
      gaps: holes,
      completeness,
    }
    return new Encoded(JSON.stringify(answer))
  })

  implement(app, trafficRoutes.completeQuery, ({ query, principal, signal }) =>
    completion(reader(scopeOf(principal, query.origin)), query.query, query.position, resolveWindow(query), signal),
  )

  implement(app, trafficRoutes.exportAccesses, async ({ query, principal, signal, reply }) => {
    const { format, prefix, limit } = query
    const window = resolveWindow(query)
    const asks = await questionOf(members, principal, query, window, signal)
    const request = { query: asks, window, format, prefix, fields: chooseFields(query.fields), limit, signal }
    const made = await exportAccesses(reader(scopeOf(principal, query.origin)), request)
    reply.header('content-type', made.type)
    reply.header('panoptes-total-rows', String(made.total))
    reply.header('content-disposition', `attachment; filename="accesses-${window.from.slice(0, 19).replaceAll(':', '')}Z.${made.extension}"`)
    await reply.send(made.body)
    return undefined
  })

  implement(app, trafficRoutes.tailAccesses, async ({ query, principal, reply, signal }) => {
    const scope = scopeOf(principal, query.origin)
    const confined = reader(scope)
    const asks = await questionOf(members, principal, query, resolveWindow({ from: 'now', to: 'now' }), signal)
    const asked = { scope, query: asks, fields: chooseFields(query.fields) }
    let stream: TailStream | undefined
    const stop = live.listen({ ...asked, take: (accesses) => stream?.take(accesses), miss: (count) => stream?.miss(count) })
    reply.hijack()
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value)
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
    stream = new TailStream(reply.raw, query.maxPerSecond, () => marks.mark(confined, scope, resolveWindow({ from: '-15m', to: 'now' })))
    signal.addEventListener('abort', stop, { once: true })
    reply.raw.once('close', stop)
    // A live view ends with its credential.
    const end = principal.expiresAt ? setTimeout(() => stream?.close(), Math.min(principal.expiresAt - Date.now(), 2 ** 31 - 1)) : undefined
    reply.raw.once('close', () => clearTimeout(end))
    return undefined as never
  })

  implement(app, trafficRoutes.listFields, () => ({
    fields: [...columnsByField.values()].map(({ field, name, type, unit, class: kind, source, description, indexed }) => ({
      field,
      column: name,
      type,
      unit: unit ?? '',
      class: kind,
      source,
      description,
      indexed: indexed === true,
    })),
  }))

  implement(app, trafficRoutes.listSearches, async ({ principal }) => ({ searches: await listSearches(db, principal) }))

  implement(app, trafficRoutes.createSearch, async ({ principal, body, audit }) => {
    const made = await createSearch(db, principal, body)
    audit({ target: `search/${made.id}`, after: made })
    return made
  })

  implement(app, trafficRoutes.deleteSearch, async ({ principal, params, audit }) => {
    audit({ target: `search/${params.id}` })
    await deleteSearch(db, principal, params.id)
    return { deleted: true as const }
  })

  // Last, since its parameter would take the names above for ids.
  implement(app, trafficRoutes.getAccess, ({ params, principal, signal }) => getAccess(reader(scopeOf(principal, 'all')), params.id, signal))
}
