import { readFileSync } from 'node:fs'
import { PanoptesError } from '@panoptes/contract'
import { parse } from 'yaml'

/** How to reach one API server, and as whom. Holds credentials: do not log one. */
export interface ClusterAccess {
  /** https://host:port, with a path where the API lies under one. */
  server: string
  /** PEM; absent: the machine's own roots. */
  ca?: string
  /** Asked before each request: a token in a pod is renewed while it runs. */
  token?: () => string
  /** PEM. */
  clientCertificate?: { certificate: string; key: string }
  /** The name in the API server's certificate, where it is not that of its address. */
  serverName?: string
}

const refuse = (detail: string): never => {
  throw new PanoptesError('PAN0501', detail)
}
const inline = (text: string) => Buffer.from(text, 'base64').toString('utf8')

type Named<K extends string> = { name: string } & Partial<Record<K, Record<string, unknown>>>
interface Kubeconfig {
  'current-context'?: string
  clusters?: Named<'cluster'>[]
  users?: Named<'user'>[]
  contexts?: Named<'context'>[]
}

/**
 * Reads a kubeconfig that somebody gave us. Everything it needs must be inside: a kubeconfig may otherwise run programs (`exec`, auth plug-ins) or read
 * files as us. Throws PAN0501 with the reason for those, for http, for a server that is not to be verified, and for user names with passwords.
 */
export function parseKubeconfig(text: string, contextName?: string): ClusterAccess {
  let config: Kubeconfig
  try {
    // Anchors can make a small file explode; a kubeconfig has no use for them.
    config = parse(text, { maxAliasCount: 0 }) as Kubeconfig
  } catch {
    return refuse('It is not YAML or JSON.')
  }
  if (typeof config !== 'object' || config === null || config.clusters === undefined) return refuse('It is not a kubeconfig: it has no clusters.')
  const name = contextName ?? config['current-context']
  const find = <K extends string>(list: Named<K>[] | undefined, key: K, wanted: unknown): Record<string, unknown> =>
    (Array.isArray(list) ? list : []).find((entry) => entry.name === wanted)?.[key] ?? refuse(`It has no ${key} named ${JSON.stringify(wanted)}.`)
  const context = find(config.contexts, 'context', name)
  const cluster = find(config.clusters, 'cluster', context.cluster)
  const user = find(config.users, 'user', context.user)
  checkUser(user)

  const server = URL.canParse(String(cluster.server)) ? new URL(String(cluster.server)) : refuse('Its server is not an address.')
  if (server.protocol !== 'https:') refuse(`Its server is reached over ${server.protocol.slice(0, -1)}; only https keeps the token and the answers safe.`)
  if (server.username || server.password) refuse('Its server holds a password in the address.')
  if (cluster['insecure-skip-tls-verify']) refuse('It says not to verify the server (insecure-skip-tls-verify); put the CA in as certificate-authority-data.')
  if (cluster['certificate-authority']) refuse('It names a file (certificate-authority); put its content in as certificate-authority-data.')
  if (cluster['proxy-url']) refuse('It names a proxy (proxy-url); set the proxy where the controller runs.')
  const [ca, certificate, key] = [cluster['certificate-authority-data'], user['client-certificate-data'], user['client-key-data']].map((data) =>
    typeof data === 'string' ? inline(data) : undefined,
  )
  const { token } = user
  if (typeof token !== 'string' && !(certificate && key)) refuse('Its user has neither a token nor a client certificate with its key inside.')
  return {
    server: server.href.replace(/\/$/, ''),
    ...(ca ? { ca } : {}),
    ...(typeof token === 'string' ? { token: () => token } : {}),
    ...(certificate && key ? { clientCertificate: { certificate, key } } : {}),
    ...(typeof cluster['tls-server-name'] === 'string' ? { serverName: cluster['tls-server-name'] } : {}),
  }
}

function checkUser(user: Record<string, unknown>): void {
  if (user.exec) refuse('Its user runs a program (exec). Make a service account for Panoptes and use its token.')
  if (user['auth-provider']) refuse('Its user needs an auth plug-in (auth-provider). Make a service account for Panoptes and use its token.')
  for (const field of ['tokenFile', 'client-certificate', 'client-key'])
    if (user[field]) refuse(`Its user names a file (${field}); put the content in${field === 'tokenFile' ? ' as token' : ` as ${field}-data`}.`)
  if (user.username || user.password) refuse('Its user signs in with a password, which Kubernetes no longer takes.')
  for (const field of ['as', 'as-uid', 'as-groups', 'as-user-extra']) if (user[field]) refuse(`Its user acts as another (${field}); give that one's own token.`)
}

/** The access that a pod has to its own cluster: the mounted service account. Throws PAN0502 where there is none. */
export function inClusterAccess(folder = '/var/run/secrets/kubernetes.io/serviceaccount'): ClusterAccess {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
  if (!host || !port) throw new PanoptesError('PAN0502', 'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set.')
  const token = () => readFileSync(`${folder}/token`, 'utf8').trim()
  try {
    token()
    return { server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, ca: readFileSync(`${folder}/ca.crt`, 'utf8'), token }
  } catch (cause) {
    throw new PanoptesError('PAN0502', `The service account is not mounted at ${folder}.`, {}, { cause })
  }
}
