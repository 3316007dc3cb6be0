/** A reference to an image, as container runtimes read it. */
export interface ImageReference {
  /** Registry, repository and tag as the runtime completes them: docker.io/library/nginx:latest. */
  name: string
  /** Registry and repository alone. */
  repository: string
  /** sha256:…; absent where the reference names none. */
  digest?: string
}

/** Completes a reference the way containerd and Docker do: `nginx` is docker.io/library/nginx:latest. */
export function readImage(text: string): ImageReference {
  const at = text.indexOf('@')
  const [path, digest] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
  const slash = path.indexOf('/')
  const host = slash < 0 ? '' : path.slice(0, slash)
  const hosted = /[.:]/.test(host) || host === 'localhost'
  const full = hosted ? path : slash < 0 ? `docker.io/library/${path}` : `docker.io/${path}`
  const colon = full.lastIndexOf(':')
  const tagged = colon > full.lastIndexOf('/')
  const repository = tagged ? full.slice(0, colon) : full
  return { name: tagged || digest !== undefined ? full : `${full}:latest`, repository, ...(digest !== undefined ? { digest } : {}) }
}

/** Whether a repository lies in one of these registries, or in the named part of one. An empty list allows any. */
export function isListed(repository: string, registries: readonly string[]): boolean {
  return registries.length === 0 || registries.some((registry) => repository === registry || repository.startsWith(`${registry}/`))
}
