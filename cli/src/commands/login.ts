import { hostname } from 'node:os'
import { accessRoutes, errorOf, PanoptesError, roleScopes, type UserSession } from '@panoptes/contract'
import { ask, clientOf, defineCommand, reach, readContexts, text, writeContexts } from '../core/index.ts'

const days = 90

export const login = defineCommand({
  name: 'login',
  summary: 'Sign in to a server and remember it as a context',
  details: `With an API token, with a sign-in link, or with e-mail and password (asked on the terminal). Link and password are exchanged for a token of this machine that expires after ${days} days; it is kept in contexts.json, which you alone may read.`,
  options: {
    link: text('--link <url>', 'a one-time sign-in link'),
    email: text('--email <email>', 'sign in with a password'),
    name: text('--name <name>', 'name of the context; the host of the server unless told otherwise'),
  },
  examples: [
    ['panoptes login --server https://panoptes.bank.example', 'asks for e-mail and password'],
    ["panoptes login --link 'https://panoptes.bank.example/sign-in#token=…'", 'with a link from an administrator'],
    ['panoptes login --server https://panoptes.bank.example --token "$PANOPTES_TOKEN"', 'with a token made in the console'],
  ],
  async run({ options, out, env, global }) {
    const link = options.link ? readLink(options.link) : undefined
    const server = (global.server ?? link?.server ?? env.PANOPTES_SERVER ?? (await ask('Server: '))).replace(/\/+$/, '')
    if (!URL.canParse(server)) throw new PanoptesError('PAN0003', `${server} is no address: write https://HOST`)
    const given = global.token ?? env.PANOPTES_TOKEN
    const made = given && !link ? { token: given } : await exchange(server, link?.token, options.email)
    const session = await clientOf({ server, token: made.token }).call(accessRoutes.getSession, {})
    const name = options.name ?? new URL(server).host
    const known = readContexts(env)
    writeContexts(env, { current: name, contexts: { ...known.contexts, [name]: { server, ...made } } })
    out.say(`Signed in to ${server} as ${session.user.email} (${session.user.role}); the context is ${name}.`)
  },
})

function readLink(link: string): { server: string; token: string } {
  const url = URL.canParse(link) ? new URL(link) : undefined
  const token = url && new URLSearchParams(url.hash.slice(1)).get('token')
  if (!url || !token) throw new PanoptesError('PAN0003', 'the link must be one as https://HOST/sign-in#token=…')
  return { server: url.origin, token }
}

/** Signs in, and makes a token for this machine. */
async function exchange(server: string, linkToken: string | undefined, email: string | undefined): Promise<{ token: string; tokenId: string }> {
  const route = linkToken ? accessRoutes.signInByLink : accessRoutes.signIn
  const body = linkToken ? { token: linkToken } : { email: email ?? (await ask('E-mail: ')), password: await ask('Password: ', true) }
  const signedIn = await post(server, route.path, body)
  const { user } = (await signedIn.json()) as UserSession
  const cookie = signedIn.headers
    .getSetCookie()
    .map((c) => c.split(';')[0])
    .join('; ')
  const wanted = { name: `CLI on ${hostname()}`, scopes: roleScopes[user.role], expiresInDays: days }
  const { token, secret } = (await (await post(server, accessRoutes.createToken.path, wanted, cookie)).json()) as { token: { id: string }; secret: string }
  return { token: secret, tokenId: token.id }
}

async function post(server: string, path: string, body: object, cookie?: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(cookie ? { cookie } : {}) }
  const response = await reach(server, server + path, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw await errorOf(response)
  return response
}
