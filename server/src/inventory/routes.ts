import { inventoryRoutes, PanoptesError } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { implement, type Principal, resolveMoment } from '../platform/http/index.ts'
import type { State } from '../platform/state/index.ts'
import { attributeAgain } from './attribution.ts'
import { listLives, listTransitions, livesOfPod } from './containers.ts'
import { listDecisions } from './decisions.ts'
import { compareViews } from './difference.ts'
import { changesBetween, documentOf, yamlOf } from './document.ts'
import { registerEnvironments } from './environment-routes.ts'
import { imageRuns, listImages } from './images.ts'
import { listLeases } from './leases.ts'
import { type AskedMembers, membersOf } from './members.ts'
import { listChanges, listState, objectAt, stateSql, versionsOf } from './objects.ts'
import { confinedReader, isoOf, type Members, moment, type Reader, type ReaderOf, readCursor, Where, writeCursor } from './reader.ts'
import { describeView, gapsBetween, type View, viewAt } from './view.ts'
import { listWorkloads, workloadKinds } from './workloads.ts'

/** What this room works with. */
export interface InventoryDeps {
  /** The record, confined to what a scope may see. */
  reader: ReaderOf
  /** Where environments are kept. */
  db: State['db']
}

const usOf = (text: string, field: string) => resolveMoment(text, Date.now(), field) * 1000
const kindsOf = (kind: string | undefined) => kind?.split(',').filter(Boolean)

/** The moment and the place of a page: those of the cursor, which the first page has resolved, or those that are asked for. */
function pageOf({ at, cursor }: { at: string; cursor?: string | undefined }): { atUs: number; offset: number } {
  return cursor ? readCursor(cursor) : { atUs: usOf(at, 'at'), offset: 0 }
}

function nextOf(atUs: number, offset: number, shown: number, total: number): string | null {
  return shown > 0 && offset + shown < total ? writeCursor({ atUs, offset: offset + shown }) : null
}

/** The clusters of a window: one that began to be watched within it is part of it. */
function joined(begin: View, end: View): View {
  const from = new Map(begin.clusters.map(({ cluster, fromUs }) => [cluster, fromUs]))
  return { ...begin, clusters: end.clusters.map((c) => ({ ...c, fromUs: Math.min(c.fromUs, from.get(c.cluster) ?? c.fromUs) })) }
}

interface TaleQuery {
  from: string
  to: string
  cluster?: string | undefined
  namespace?: string | undefined
  environment?: string | undefined
  workload?: string | undefined
  limit: number
  cursor?: string | undefined
}

/** A page of what was told in a window, with the holes in it. */
async function tale<Row>(
  reader: Reader,
  query: TaleQuery,
  members: (asked: AskedMembers) => Promise<Members | undefined>,
  ask: (where: Where, limit: number, offset: number) => Promise<Row[]>,
) {
  const { atUs, offset } = pageOf({ at: query.to, cursor: query.cursor })
  const fromUs = usOf(query.from, 'from')
  const where = new Where().add(`ts >= ${moment(fromUs)}`).add(`ts <= ${moment(atUs)}`)
  where.inside(await members({ atUs: fromUs, toUs: atUs, cluster: query.cluster }))
  where.equal('cluster', 'String', query.cluster).equal('namespace', 'String', query.namespace).equal('workload', 'String', query.workload)
  const [found, gaps] = await Promise.all([ask(where, query.limit + 1, offset), gapsBetween(reader, fromUs, atUs)])
  const rows = found.slice(0, query.limit)
  const here = gaps.filter(({ cluster }) => !query.cluster || cluster === query.cluster).map(({ cluster: _, ...gap }) => gap)
  return { rows, gaps: here, next: found.length > query.limit ? writeCursor({ atUs, offset: offset + rows.length }) : null }
}

/** Serves the questions about what there was in clusters, at any moment. */
export function registerInventory(app: FastifyInstance, { reader: readerOf, db }: InventoryDeps): void {
  registerEnvironments(app, { reader: readerOf, db })
  const members = (principal: Principal, reader: Reader, environment: string | undefined, asked: AskedMembers) =>
    membersOf({ db, org: principal.org, reader }, environment, asked)

  implement(app, inventoryRoutes.listObjects, async ({ query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, query.origin, signal)
    const { atUs, offset } = pageOf(query)
    const kinds = kindsOf(query.kind)
    const asked = { atUs, resourceVersion: query.resourceVersion, cluster: query.cluster }
    const [view, inside] = await Promise.all([viewAt(reader, { ...asked, kinds }), members(principal, reader, query.environment, asked)])
    const filter = { ...query, kinds, members: inside }
    const [clusters, { objects, total }] = await Promise.all([describeView(reader, view), listState(reader, view, filter, { ...query, offset })])
    return { at: isoOf(view.atUs), clusters, objects, total, next: nextOf(atUs, offset, objects.length, total) }
  })

  implement(app, inventoryRoutes.getObject, async ({ params, query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, 'all', signal)
    const found = await objectAt(reader, params.uid, { atUs: usOf(query.at, 'at'), resourceVersion: query.resourceVersion })
    if (!found) throw new PanoptesError('PAN0007', `object ${params.uid} was not there yet`)
    return { object: found.row, deletedAt: found.deletedUs ? isoOf(found.deletedUs) : null, yaml: yamlOf(found) }
  })

  implement(app, inventoryRoutes.listObjectVersions, async ({ params, query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, 'all', signal)
    const offset = query.cursor ? readCursor(query.cursor).offset : 0
    const versions = await versionsOf(reader, params.uid, query.limit + 1, offset)
    if (versions.length === 0 && offset === 0) throw new PanoptesError('PAN0007', `the record knows no object ${params.uid}`)
    const shown = versions.slice(0, query.limit)
    return { versions: shown, next: versions.length > query.limit ? writeCursor({ atUs: 0, offset: offset + shown.length }) : null }
  })

  implement(app, inventoryRoutes.compareObject, async ({ params, query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, 'all', signal)
    const [before, after] = await Promise.all(
      (['from', 'to'] as const).map(async (field) => {
        const found = await objectAt(reader, params.uid, { atUs: usOf(query[field], field) })
        return found && found.deletedUs === 0 ? found : undefined
      }),
    )
    const changes = changesBetween(before && documentOf(before), after && documentOf(after))
    return { from: before ? yamlOf(before) : '', to: after ? yamlOf(after) : '', changes }
  })

  implement(app, inventoryRoutes.listWorkloads, async ({ query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, query.origin, signal)
    const { atUs, offset } = pageOf(query)
    const asked = { atUs, resourceVersion: query.resourceVersion, cluster: query.cluster }
    const [view, inside] = await Promise.all([viewAt(reader, { ...asked, kinds: workloadKinds }), members(principal, reader, query.environment, asked)])
    const [clusters, { workloads, total }] = await Promise.all([describeView(reader, view), listWorkloads(reader, view, { ...query, members: inside, offset })])
    return { at: isoOf(view.atUs), clusters, workloads, total, next: nextOf(atUs, offset, workloads.length, total) }
  })

  implement(app, inventoryRoutes.listContainers, async ({ query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, query.origin, signal)
    const { atUs, offset } = pageOf(query)
    const fromUs = query.from === undefined ? undefined : usOf(query.from, 'from')
    const toUs = query.to === undefined ? atUs : usOf(query.to, 'to')
    if (fromUs !== undefined && fromUs > toUs) throw new PanoptesError('PAN0003', 'from: the window ends before it begins', { field: 'from' })
    const asked = { atUs: fromUs ?? atUs, resourceVersion: query.resourceVersion, cluster: query.cluster }
    const [view, inside] = await Promise.all([
      viewAt(reader, { ...asked, kinds: ['Pod'] }),
      members(principal, reader, query.environment, { ...asked, toUs: fromUs === undefined ? undefined : toUs }),
    ])
    const filter = { ...query, members: inside }
    const whole = fromUs === undefined ? view : joined(view, await viewAt(reader, { atUs: toUs, cluster: query.cluster, kinds: ['Pod'] }))
    const [from, to] = fromUs === undefined ? [view.atUs, view.atUs] : [fromUs, toUs]
    const [clusters, { containers, total }] = await Promise.all([describeView(reader, whole), listLives(reader, whole, from, to, filter, { ...query, offset })])
    return { at: isoOf(to), clusters, containers, total, next: nextOf(atUs, offset, containers.length, total) }
  })

  implement(app, inventoryRoutes.listTransitions, async ({ query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, query.origin, signal)
    const { rows, ...rest } = await tale(
      reader,
      query,
      (asked) => members(principal, reader, query.environment, asked),
      (where, limit, offset) => listTransitions(reader, where, limit, offset),
    )
    return { transitions: rows, ...rest }
  })

  implement(app, inventoryRoutes.listChanges, async ({ query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, query.origin, signal)
    const { rows, ...rest } = await tale(
      reader,
      query,
      (asked) => members(principal, reader, query.environment, asked),
      (where, limit, offset) => {
        const kinds = kindsOf(query.kind)
        if (kinds) where.add(`kind IN ${where.value('Array(String)', kinds)}`)
        return listChanges(reader, where.equal('api_group', 'String', query.group), limit, offset)
      },
    )
    return { changes: rows, ...rest }
  })

  implement(app, inventoryRoutes.getPodHistory, async ({ params, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, 'all', signal)
    const found = await objectAt(reader, params.uid, { atUs: Date.now() * 1000 })
    if (found?.row.kind !== 'Pod') throw new PanoptesError('PAN0007', `the record knows no pod ${params.uid}`)
    const endUs = found.deletedUs || Date.now() * 1000
    const view = await viewAt(reader, { atUs: endUs, cluster: found.row.cluster, kinds: ['Event'] })
    const [containers, transitions, leases, { objects: events }] = await Promise.all([
      livesOfPod(reader, params.uid),
      listTransitions(reader, new Where().equal('pod_uid', 'UUID', params.uid), 10_000, 0),
      listLeases(reader, new Where().equal('pod_uid', 'UUID', params.uid), 0, Date.now() * 1000),
      listState(reader, view, { kinds: ['Event'], owner: params.uid }, { sort: 'seen', order: 'asc', limit: 1_000, offset: 0 }),
    ])
    return { pod: found.row, deletedAt: found.deletedUs ? isoOf(found.deletedUs) : null, containers, transitions, leases, events }
  })

  implement(app, inventoryRoutes.listLeases, async ({ query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, query.origin, signal)
    const at = usOf(query.at, 'at')
    const [from, to] = query.from === undefined ? [at, at] : [usOf(query.from, 'from'), query.to === undefined ? at : usOf(query.to, 'to')]
    const where = new Where().equal('cluster', 'String', query.cluster)
    where.add(`ip = toIPv6(${where.value('String', query.ip)})`)
    return { at: isoOf(to), leases: await listLeases(reader, where, from, to) }
  })

  implement(app, inventoryRoutes.attributeAccesses, async ({ query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, query.origin, signal)
    const { atUs: toUs, offset } = pageOf({ at: query.to, cursor: query.cursor })
    const fromUs = usOf(query.from, 'from')
    const [before, now] = await Promise.all([fromUs, toUs].map((atUs) => viewAt(reader, { atUs, cluster: query.cluster, kinds: ['Pod', 'Node'] })))
    const found = await attributeAgain(reader, joined(before!, now!), { fromUs, toUs, cluster: query.cluster, limit: query.limit + 1, offset })
    const accesses = found.slice(0, query.limit)
    return { accesses, next: found.length > query.limit ? writeCursor({ atUs: toUs, offset: offset + accesses.length }) : null }
  })

  implement(app, inventoryRoutes.listDecisions, async ({ query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, query.origin, signal)
    const { atUs, offset } = pageOf({ at: query.to, cursor: query.cursor })
    const fromUs = usOf(query.from, 'from')
    const where = new Where().add(`ts >= ${moment(fromUs)}`).add(`ts <= ${moment(atUs)}`)
    where.inside(await members(principal, reader, query.environment, { atUs: fromUs, toUs: atUs, cluster: query.cluster }))
    where.equal('cluster', 'String', query.cluster).equal('namespace', 'String', query.namespace).equal('user', 'String', query.user)
    where.equal('uid', 'UUID', query.uid).equal('verdict', 'String', query.verdict).contains('images', query.image)
    const found = await listDecisions(reader, where, query.limit + 1, offset)
    const decisions = found.slice(0, query.limit)
    return { decisions, next: found.length > query.limit ? writeCursor({ atUs, offset: offset + decisions.length }) : null }
  })

  implement(app, inventoryRoutes.listImages, async ({ query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, query.origin, signal)
    const { atUs, offset } = pageOf(query)
    const asked = { atUs, resourceVersion: query.resourceVersion, cluster: query.cluster }
    const [view, inside] = await Promise.all([viewAt(reader, { ...asked, kinds: ['Pod'] }), members(principal, reader, query.environment, asked)])
    const [clusters, { images, total }] = await Promise.all([describeView(reader, view), listImages(reader, view, { ...query, members: inside, offset })])
    return { at: isoOf(view.atUs), clusters, images, total, next: nextOf(atUs, offset, images.length, total) }
  })

  implement(app, inventoryRoutes.getImageRuns, async ({ params, query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, query.origin, signal)
    return { digest: params.digest, runs: await imageRuns(reader, params.digest) }
  })

  implement(app, inventoryRoutes.getInventory, async ({ query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, query.origin, signal)
    const asked = { atUs: usOf(query.at, 'at'), resourceVersion: query.resourceVersion, cluster: query.cluster }
    const [view, inside] = await Promise.all([viewAt(reader, asked), members(principal, reader, query.environment, asked)])
    const part = { namespace: query.namespace, members: inside }
    const where = new Where()
    const state = stateSql(view, part, where)
    const [clusters, kinds, { images, total }, lives] = await Promise.all([
      describeView(reader, view),
      reader.query<{ cluster: string; group: string; kind: string; objects: number }>(
        `SELECT cluster, api_group_ AS group, kind_ AS kind, count() AS objects FROM (${state}) GROUP BY cluster, api_group_, kind_ ORDER BY cluster, kind, group`,
        where.params,
      ),
      listImages(reader, view, { ...part, sort: 'name', order: 'asc', limit: 1, offset: 0 }),
      listLives(reader, view, view.atUs, view.atUs, part, { sort: 'name', order: 'asc', limit: 1, offset: 0 }),
    ])
    const counted = kinds.map((row) => ({ ...row, objects: Number(row.objects) }))
    return { at: isoOf(view.atUs), clusters, kinds: counted, containers: lives.total, images: images.length > 0 ? total : 0 }
  })

  implement(app, inventoryRoutes.compareInventory, async ({ query, principal, signal }) => {
    const reader = confinedReader(readerOf, principal, query.origin, signal)
    const kinds = kindsOf(query.kind)
    const [fromUs, toUs] = [usOf(query.from, 'from'), query.cursor ? readCursor(query.cursor).atUs : usOf(query.to, 'to')]
    const offset = query.cursor ? readCursor(query.cursor).offset : 0
    const { cluster } = query
    const [[before, after], inside] = await Promise.all([
      Promise.all([fromUs, toUs].map((atUs) => viewAt(reader, { atUs, cluster, kinds }))),
      members(principal, reader, query.environment, { atUs: fromUs, toUs, cluster }),
    ])
    const found = await compareViews(reader, before!, after!, { ...query, kinds, members: inside }, query.limit, offset)
    const all = found.counts.added + found.counts.removed + found.counts.changed
    return { from: isoOf(fromUs), to: isoOf(toUs), ...found, next: nextOf(toUs, offset, found.differences.length, all) }
  })
}
