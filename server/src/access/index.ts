import type { FastifyInstance } from 'fastify'
import type { AccessDeps } from './deps.ts'
import { registerKeys } from './key-routes.ts'
import { registerPeople } from './people-routes.ts'
import { registerSession } from './session-routes.ts'
import { registerWatch } from './watch-routes.ts'

export { type NewAlarm, raiseAlarm } from './alarms.ts'
export { auditRequest, auditSystem, homeOrganization } from './audit.ts'
export { createAuthenticate } from './authenticate.ts'
export { type BatchStore, type ClusterKeeper, registerControllers, type Sender } from './controller-routes.ts'
export { controllerOf, requestRotation, revokeController, silentAfterS } from './controllers.ts'
export type { AccessDeps } from './deps.ts'
export { createEnrolmentToken } from './enrolment.ts'
export { administratorEmail, ensureAdministrator, sharedSecret } from './first-start.ts'
export { sweepAttempts } from './limits.ts'
export { contextsFile, writeLocalContext } from './local-context.ts'
export { createSignIn, type SignIn } from './sign-in.ts'

/** Serves sign-in, people, keys, audit and alarms. */
export function registerAccess(app: FastifyInstance, deps: AccessDeps): void {
  registerSession(app, deps)
  registerPeople(app, deps)
  registerKeys(app, deps)
  registerWatch(app, deps)
}
