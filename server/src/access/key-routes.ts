import { accessRoutes, PanoptesError } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { implement, requireScope } from '../platform/http/index.ts'
import { listControllers, requestRotation, revokeController } from './controllers.ts'
import type { AccessDeps } from './deps.ts'
import { createEnrolmentToken, listEnrolmentTokens, revokeEnrolmentToken } from './enrolment.ts'
import { createToken, deleteToken, listTokens } from './tokens.ts'

/** API tokens, enrolment tokens, and the keys of controllers. */
export function registerKeys(app: FastifyInstance, deps: AccessDeps): void {
  const { db } = deps

  implement(app, accessRoutes.listTokens, ({ principal, query }) => {
    const all = query.all === 'true'
    if (all) requireScope(principal, 'users:read')
    return listTokens(db, principal.org, { ...query, userId: all ? undefined : principal.userId })
  })

  implement(app, accessRoutes.createToken, async ({ body, principal, audit }) => {
    const beyond = body.scopes.filter((scope) => !principal.scopes.has(scope))
    if (beyond.length > 0) throw new PanoptesError('PAN0103', `you do not hold ${beyond.join(', ')} yourself`, { scope: beyond[0] })
    const wanted = body.expiresInDays ? new Date(Date.now() + body.expiresInDays * 86_400_000) : undefined
    // A token made by a token dies with it.
    const ends = principal.kind === 'token' && principal.expiresAt ? new Date(Math.min(principal.expiresAt, wanted?.getTime() ?? Infinity)) : wanted
    const made = await createToken(db, { userId: principal.userId!, name: body.name, scopes: body.scopes, expiresAt: ends })
    audit({ target: `token/${made.token.id}`, after: { name: body.name, scopes: made.token.scopes, expiresAt: made.token.expiresAt } })
    return made
  })

  implement(app, accessRoutes.deleteToken, async ({ params, principal, audit }) => {
    const { name, userEmail } = await deleteToken(db, principal.org, params.id, principal.scopes.has('users:write') ? undefined : principal.userId)
    audit({ target: `token/${params.id}`, before: { name, userEmail } })
    deps.forget()
    return { done: true as const }
  })

  implement(app, accessRoutes.listEnrolmentTokens, ({ principal, query }) => listEnrolmentTokens(db, principal.org, query))

  implement(app, accessRoutes.createEnrolmentToken, async ({ body, principal, audit }) => {
    const made = await createEnrolmentToken(db, { org: principal.org, origin: 'user', createdBy: principal.name, ...body })
    audit({ target: `enrolment-token/${made.token.id}`, after: { cluster: body.cluster, expiresAt: made.token.expiresAt } })
    return made
  })

  implement(app, accessRoutes.deleteEnrolmentToken, async ({ params, principal, audit }) => {
    audit({ target: `enrolment-token/${params.id}` })
    await revokeEnrolmentToken(db, principal.org, params.id)
    return { done: true as const }
  })

  implement(app, accessRoutes.listControllers, ({ principal, query }) => listControllers(db, principal.org, query))

  implement(app, accessRoutes.rotateControllerKey, async ({ params, principal, audit }) => {
    audit({ target: `controller/${params.id}` })
    return requestRotation(db, principal.org, params.id)
  })

  implement(app, accessRoutes.deleteController, async ({ params, principal, audit }) => {
    const { name, cluster, state } = await revokeController(db, principal.org, params.id)
    audit({ target: `controller/${params.id}`, before: { name, cluster, state }, after: { state: 'revoked' } })
    return { done: true as const }
  })
}
