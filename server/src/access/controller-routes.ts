import {
  type AdmissionOrders,
  type AdmissionReport,
  type BatchAcknowledged,
  type ClusterReport,
  ingestRoutes,
  releaseBytes,
  type Session,
  sessionHeader,
} from '@panoptes/contract'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { implement, type Principal } from '../platform/http/index.ts'
import { heartbeat } from './controllers.ts'
import type { AccessDeps } from './deps.ts'
import { enrol } from './enrolment.ts'
import { countAttempt } from './limits.ts'
import { openSession, requireSession } from './sessions.ts'

/** Who sends batches: made from the key of the controller, never from the batch. */
export interface Sender {
  org: string
  cluster: string
  controller: string
  origin: 'user' | 'demo'
}

/** What the routes of controllers need of the room that stores batches. */
export interface BatchStore {
  accept(sender: Sender, bytes: Uint8Array, signal: AbortSignal): Promise<BatchAcknowledged>
  lanes(sender: Sender): Promise<Session['lanes']>
}

/** What the routes of controllers need of the room that knows clusters. */
export interface ClusterKeeper {
  /** A controller has enrolled: its cluster is known from now on. */
  enrolled(sender: Pick<Sender, 'org' | 'cluster' | 'origin'>): Promise<void>
  /** Throws where nothing may be taken from this cluster now. */
  admit(sender: Sender): Promise<void>
  /** A controller has told how its cluster looks. */
  heard(sender: Sender, report: ClusterReport): Promise<void>
  /** What a controller that answers admission is to do; undefined where its cluster is not known. */
  orders(sender: Sender, report: AdmissionReport): Promise<AdmissionOrders | undefined>
}

/** Enrolment, sessions, heartbeats and batches of controllers. */
export function registerControllers(app: FastifyInstance, { db }: AccessDeps, store: BatchStore, clusters: ClusterKeeper): void {
  implement(app, ingestRoutes.enrolController, async ({ body, request, audit }) => {
    audit({ target: `controller/${body.name}` })
    try {
      const enrolled = await enrol(db, body, request.ip)
      await clusters.enrolled({ org: enrolled.org, cluster: enrolled.cluster, origin: enrolled.origin })
      audit({ target: `controller/${enrolled.controller}`, org: enrolled.org, after: { cluster: enrolled.cluster, instance: body.instance } })
      const { origin: _, ...answer } = enrolled
      return answer
    } catch (error) {
      await countAttempt(db, [{ key: `enrol/${request.ip}`, most: 20 }])
      throw error
    }
  })

  implement(app, ingestRoutes.openSession, async ({ body, principal, request, audit }) => {
    audit({ target: `controller/${principal.id}`, after: { instance: body.instance, version: body.version } })
    await clusters.admit(senderOf(principal))
    const { session } = await openSession(db, principal, body, request.ip)
    const lanes = await store.lanes(senderOf(principal))
    return { session, resume: Object.fromEntries(Object.entries(lanes).map(([stream, [newest]]) => [stream, newest])), lanes }
  })

  implement(app, ingestRoutes.sendHeartbeat, async ({ body, principal, request }) => {
    await requireSession(db, principal, sessionOf(request))
    const answer = await heartbeat(db, principal, body, request.ip)
    if (body.cluster) await clusters.heard(senderOf(principal), body.cluster)
    const admission = body.admission && (await clusters.orders(senderOf(principal), body.admission))
    return { ...answer, ...(admission ? { admission } : {}) }
  })

  implement(app, ingestRoutes.sendBatch, async ({ body, principal, request, signal }) => {
    await requireSession(db, principal, sessionOf(request))
    const answer = await store.accept(senderOf(principal), body, signal)
    releaseBytes(body)
    return answer
  })
}

function sessionOf(request: FastifyRequest): string | undefined {
  const session = request.headers[sessionHeader]
  return typeof session === 'string' ? session : undefined
}

function senderOf(principal: Principal): Sender {
  return { org: principal.org, cluster: principal.cluster!, controller: principal.id, origin: principal.origin! }
}
