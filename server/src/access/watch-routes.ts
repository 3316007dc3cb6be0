import { accessRoutes } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { implement } from '../platform/http/index.ts'
import { acknowledgeAlarm, listAlarms } from './alarms.ts'
import { listAudit } from './audit.ts'
import type { AccessDeps } from './deps.ts'

/** The audit log and the alarms. */
export function registerWatch(app: FastifyInstance, { db }: AccessDeps): void {
  implement(app, accessRoutes.listAudit, ({ principal, query }) => listAudit(db, principal.org, query))

  implement(app, accessRoutes.listAlarms, ({ principal, query }) => listAlarms(db, principal.org, query))

  implement(app, accessRoutes.acknowledgeAlarm, async ({ params, principal, audit }) => {
    audit({ target: `alarm/${params.id}` })
    return acknowledgeAlarm(db, principal.org, params.id, principal.name)
  })
}
