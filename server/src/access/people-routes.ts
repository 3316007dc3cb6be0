import { accessRoutes, PanoptesError } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { implement, type Principal } from '../platform/http/index.ts'
import { homeOrganization } from './audit.ts'
import type { AccessDeps } from './deps.ts'
import { createOrganization, createUser, deleteUser, getUser, listOrganizations, listUsers, updateUser } from './people.ts'

/** Organizations and their users. */
export function registerPeople(app: FastifyInstance, deps: AccessDeps): void {
  const { db, signIn } = deps

  implement(app, accessRoutes.listOrganizations, ({ principal, query }) => listOrganizations(db, isHome(principal) ? undefined : principal.org, query))

  implement(app, accessRoutes.createOrganization, async ({ body, principal, audit }) => {
    if (!isHome(principal)) throw new PanoptesError('PAN0103', 'only administrators of the first organization create others', { scope: 'users:write' })
    const { organization, user } = await createOrganization(db, body)
    audit({ target: `organization/${organization.id}`, after: { name: organization.name, administrator: user.email } })
    return { organization, user, signIn: await signIn.link(user.email) }
  })

  implement(app, accessRoutes.listUsers, ({ principal, query }) => listUsers(db, principal.org, query))

  implement(app, accessRoutes.createUser, async ({ body, principal, audit }) => {
    const user = await createUser(db, principal.org, body)
    audit({ target: `user/${user.id}`, after: { email: user.email, name: user.name, role: user.role } })
    return { user, signIn: await signIn.link(user.email) }
  })

  implement(app, accessRoutes.updateUser, async ({ params, body, principal, audit }) => {
    const { before, after } = await updateUser(db, principal.org, params.id, body)
    const changed = (Object.keys(body) as (keyof typeof body)[]).filter((key) => before[key] !== after[key])
    const only = (user: typeof before) => Object.fromEntries(changed.map((key) => [key, user[key]]))
    audit({ target: `user/${params.id}`, before: only(before), after: only(after) })
    deps.forget()
    return after
  })

  implement(app, accessRoutes.deleteUser, async ({ params, principal, audit }) => {
    const { email, name, role } = await deleteUser(db, principal.org, params.id)
    audit({ target: `user/${params.id}`, before: { email, name, role } })
    deps.forget()
    return { done: true as const }
  })

  implement(app, accessRoutes.createSignInLink, async ({ params, principal, audit }) => {
    audit({ target: `user/${params.id}` })
    return signIn.link((await getUser(db, principal.org, params.id)).email)
  })
}

function isHome(principal: Principal): boolean {
  return principal.org === homeOrganization
}
