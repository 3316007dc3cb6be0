/** Where to go after the sign-in: a path of this console, never another site. */
export function safeNext(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-in') ? next : '/'
}

/** The token of a one-time link, from what stands behind the #; empty where there is none. */
export function tokenOf(hash: string): string {
  return hash.replace(/^#/, '').replace(/^token=/, '')
}
