import { PanoptesError } from '@panoptes/contract'
import { betterAuth } from 'better-auth'
import { isAPIError } from 'better-auth/api'
import { magicLink } from 'better-auth/plugins'
import { newId, type State } from '../platform/state/index.ts'

export interface SignInOptions {
  db: State['db']
  /** Signs the session cookies; the same for all replicas. */
  secret: string
  /** Address under which people reach the server; known once it listens. */
  publicUrl: () => string
  /** People reach it by HTTPS: cookies are sent over nothing else. */
  secure: boolean
  /** How long a session lasts without being used, in seconds. */
  sessionS?: number
  /** How long a sign-in link works, in seconds. */
  linkS?: number
}

/** What a browser gets back: the session, and the cookies to set. */
export interface SignedIn {
  userId: string
  cookies: string[]
}

const day = 86_400
const ours = { type: 'string', required: true, input: false } as const

/**
 * Sessions, passwords and one-time links: better-auth does them all, on our tables. Users, roles, tokens and the audit
 * log are the product and stay ours. Its own HTTP routes are not served.
 */
export function createSignIn(options: SignInOptions) {
  const linkS = options.linkS ?? day
  let issued = ''
  const auth = betterAuth({
    appName: 'Panoptes',
    // Used for the origin of links alone, which are made below.
    baseURL: options.secure ? 'https://localhost' : 'http://localhost',
    secret: options.secret,
    database: { db: options.db, type: 'postgres' },
    telemetry: { enabled: false },
    logger: { disabled: true },
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 10, maxPasswordLength: 200 },
    // Ours, declared so that its check of the schema knows them; it never writes users.
    user: { modelName: 'users', additionalFields: { org: ours, role: ours } },
    session: { modelName: 'sessions', expiresIn: options.sessionS ?? 14 * day, updateAge: day },
    account: { modelName: 'accounts' },
    verification: { modelName: 'verifications' },
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: 'panoptes',
      useSecureCookies: options.secure,
      database: { generateId: () => newId() },
    },
    plugins: [
      magicLink({
        expiresIn: linkS,
        disableSignUp: true,
        storeToken: 'hashed',
        sendMagicLink: async ({ token }) => {
          issued = token
        },
      }),
    ],
  })
  let turn: Promise<unknown> = Promise.resolve()

  return {
    /** Checks e-mail and password. Throws PAN0101, the same for an unknown user and a wrong password. */
    async byPassword(email: string, password: string, headers: Headers): Promise<SignedIn> {
      const answer = await auth.api.signInEmail({ body: { email, password }, headers, returnHeaders: true }).catch(refused)
      return { userId: answer.response.user.id, cookies: answer.headers.getSetCookie() }
    },

    /** Uses up a link's token. Throws PAN0105 where it does not work (any more). */
    async byLink(token: string, headers: Headers): Promise<SignedIn> {
      const answer = await auth.api.magicLinkVerify({ query: { token }, headers, returnHeaders: true }).catch(() => {
        throw new PanoptesError('PAN0105', 'this sign-in link was used or has expired')
      })
      const { token: session, user } = answer.response as { token: string; user: { id: string } }
      await options.db.updateTable('sessions').set({ byLink: true }).where('token', '=', session).execute()
      return { userId: user.id, cookies: answer.headers.getSetCookie() }
    },

    /** The session of a request's cookie, if it has one that works. */
    async session(headers: Headers): Promise<{ id: string; userId: string; expiresAt: Date } | undefined> {
      const found = await auth.api.getSession({ headers })
      return found?.session
    },

    async signOut(headers: Headers): Promise<string[]> {
      const answer = await auth.api.signOut({ headers, returnHeaders: true })
      return answer.headers.getSetCookie()
    },

    /** A link that signs this user in, once. */
    async link(email: string): Promise<{ link: string; expiresAt: string }> {
      // The library hands the token to a callback, so one link is made at a time.
      const mine = turn.then(async () => {
        await auth.api.signInMagicLink({ body: { email }, headers: new Headers() })
        return issued
      })
      turn = mine.catch(() => undefined)
      const token = await mine
      return { link: `${options.publicUrl()}/sign-in#token=${token}`, expiresAt: new Date(Date.now() + linkS * 1000).toISOString() }
    },

    async setPassword(userId: string, password: string): Promise<void> {
      const { internalAdapter, password: hasher } = await auth.$context
      const hash = await hasher.hash(password)
      const accounts = await internalAdapter.findAccounts(userId)
      if (accounts.some((account) => account.providerId === 'credential')) await internalAdapter.updatePassword(userId, hash)
      else await internalAdapter.linkAccount({ userId, providerId: 'credential', accountId: userId, password: hash })
    },

    async passwordIs(userId: string, password: string): Promise<boolean> {
      const { internalAdapter, password: hasher } = await auth.$context
      const account = (await internalAdapter.findAccounts(userId)).find((one) => one.providerId === 'credential')
      return account?.password ? hasher.verify({ hash: account.password, password }) : false
    },
  }
}
export type SignIn = ReturnType<typeof createSignIn>

function refused(error: unknown): never {
  if (isAPIError(error)) throw new PanoptesError('PAN0101', 'e-mail or password is wrong')
  throw error
}
