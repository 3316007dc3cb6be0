import { accessRoutes, type GrantableScope, PanoptesError, type UserSession } from '@panoptes/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { implement, type Principal } from '../platform/http/index.ts'
import type { AccessDeps } from './deps.ts'
import { countAttempt, forgetAttempts } from './limits.ts'
import { isoOf } from './page.ts'
import { findUserByEmail, getOrganization, getUser } from './people.ts'
import type { SignedIn } from './sign-in.ts'

/** Attempts per five minutes: of one address for one e-mail, of one address, and for one e-mail from anywhere. */
const most = { pair: 5, address: 100, email: 50, link: 20 }

/** Signing in and out, and who one is. */
export function registerSession(app: FastifyInstance, deps: AccessDeps): void {
  const { db, signIn } = deps

  implement(app, accessRoutes.getSession, ({ principal }) => sessionOf(deps, principal))

  implement(app, accessRoutes.signIn, async ({ body, request, reply, audit }) => {
    const known = await findUserByEmail(db, body.email)
    audit({ target: `user/${known?.id ?? body.email.toLowerCase()}`, ...(known && { org: known.organization }) })
    const email = body.email.toLowerCase()
    const pair = `sign-in/${request.ip}/${email}`
    await countAttempt(db, [
      { key: pair, most: most.pair },
      { key: `sign-in/${request.ip}`, most: most.address },
      { key: `sign-in/${email}`, most: most.email },
    ])
    const signedIn = await signIn.byPassword(email, body.password, headersOf(request))
    if (known?.disabled) throw new PanoptesError('PAN0101', 'e-mail or password is wrong')
    await forgetAttempts(db, pair)
    return welcome(deps, signedIn, request, reply)
  })

  implement(app, accessRoutes.signInByLink, async ({ body, request, reply, audit }) => {
    await countAttempt(db, [{ key: `link/${request.ip}`, most: most.link }])
    const signedIn = await signIn.byLink(body.token, headersOf(request))
    await forgetAttempts(db, `link/${request.ip}`)
    const session = await welcome(deps, signedIn, request, reply)
    audit({ target: `user/${signedIn.userId}`, org: session.organization.id })
    return session
  })

  implement(app, accessRoutes.signOut, async ({ principal, request, reply, audit }) => {
    if (principal.kind !== 'user') throw new PanoptesError('PAN0003', 'a token has no session to end: revoke it instead')
    audit({ target: `user/${principal.id}` })
    reply.header('set-cookie', await signIn.signOut(headersOf(request)))
    deps.forget()
    return { done: true as const }
  })

  implement(app, accessRoutes.setPassword, async ({ body, principal, request, audit }) => {
    if (principal.kind !== 'user') throw new PanoptesError('PAN0103', 'a password is set in a browser session, not by a token', { scope: 'session' })
    audit({ target: `user/${principal.id}` })
    const user = await getUser(db, principal.org, principal.id)
    const session = await db.selectFrom('sessions').select('byLink').where('id', '=', principal.sessionId!).executeTakeFirst()
    if (user.hasPassword && !session?.byLink) {
      await countAttempt(db, [{ key: `password/${principal.id}/${request.ip}`, most: most.pair }])
      if (!(await signIn.passwordIs(principal.id, body.current ?? ''))) throw new PanoptesError('PAN0003', 'body.current: is not the current password')
    }
    await signIn.setPassword(principal.id, body.password)
    await db.deleteFrom('sessions').where('userId', '=', principal.id).where('id', '!=', principal.sessionId!).execute()
    // From here on the password is known, so another change needs it.
    await db.updateTable('sessions').set({ byLink: false }).where('id', '=', principal.sessionId!).execute()
    deps.forget()
    return { done: true as const }
  })
}

/** Sets the cookies of a fresh session and tells who that is. */
async function welcome(deps: AccessDeps, signedIn: SignedIn, request: FastifyRequest, reply: FastifyReply): Promise<UserSession> {
  const cookie = signedIn.cookies.map((one) => one.split(';')[0]).join('; ')
  const principal = await deps.authenticate({ headers: { cookie }, method: 'GET' } as FastifyRequest)
  // The audit log names who signed in, not nobody.
  request.principal = principal
  reply.header('set-cookie', signedIn.cookies)
  return sessionOf(deps, principal)
}

async function sessionOf(deps: AccessDeps, principal: Principal): Promise<UserSession> {
  const { db } = deps
  const user = await getUser(db, principal.org, principal.userId!)
  return {
    kind: principal.kind === 'token' ? 'token' : 'user',
    user,
    organization: await getOrganization(db, principal.org),
    scopes: [...principal.scopes] as GrantableScope[],
    expiresAt: principal.expiresAt ? isoOf(new Date(principal.expiresAt)) : null,
    needsPassword: principal.kind === 'user' && !user.hasPassword,
    server: { version: deps.version, demo: await deps.demoPresent() },
  }
}

function headersOf(request: FastifyRequest): Headers {
  const headers = new Headers({ 'user-agent': request.headers['user-agent'] ?? '', 'x-forwarded-for': request.ip })
  if (request.headers.cookie) headers.set('cookie', request.headers.cookie)
  return headers
}
