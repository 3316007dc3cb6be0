import { PanoptesError, type Scope } from '@panoptes/contract'
import type { FastifyRequest } from 'fastify'

/** Who is asking. Made from a session cookie, an API token or a controller's key; the only source of `org` and `cluster`. */
export interface Principal {
  kind: 'user' | 'token' | 'controller' | 'system' | 'nobody'
  /** Of the user, the token or the controller. */
  id: string
  /** For the audit log and messages. */
  name: string
  org: string
  scopes: ReadonlySet<Scope>
  /** The person: for `user` and `token`. */
  userId?: string
  /** The browser session: for `user`. */
  sessionId?: string
  /** For `controller`. */
  cluster?: string
  origin?: 'user' | 'demo'
  /** ms since 1970 at which the credential stops working. */
  expiresAt?: number
}

export const nobody: Principal = { kind: 'nobody', id: '', name: 'nobody', org: '', scopes: new Set() }

/** Finds out who sent a request. Throws PAN0101 without a credential, PAN0102 with one that no longer works. */
export type Authenticate = (request: FastifyRequest) => Promise<Principal>

/** Throws PAN0103 unless the principal holds the scope. */
export function requireScope(principal: Principal, scope: Scope): void {
  if (scope === 'public' || principal.scopes.has(scope)) return
  throw new PanoptesError('PAN0103', `this needs the scope ${scope}, which ${principal.name} does not hold`, { scope })
}

/**
 * A browser sends its cookie along with requests that another site makes; SameSite=Lax stops most of them, this the rest.
 * Throws PAN0103 for a changing request whose page is not ours.
 */
export function requireSameSite(request: FastifyRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD') return
  const site = request.headers['sec-fetch-site']
  const origin = request.headers.origin
  const foreign = site !== undefined ? site !== 'same-origin' && site !== 'none' : origin !== undefined && hostOf(origin) !== request.headers.host
  if (foreign) throw new PanoptesError('PAN0103', 'a page of another site may not change anything here', { scope: 'same-origin' })
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : ''
}
