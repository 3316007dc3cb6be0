import { type ClusterOptions, type Installation, type InstallFile, PanoptesError } from '@panoptes/contract'
import { stringify } from 'yaml'
import { createEnrolmentToken } from '../access/index.ts'
import type { State } from '../platform/state/index.ts'
import { bundleFile } from './files.ts'
import { controllerName, defaultSecret, type Install, imageOf, manifestOf, ownNamespace, podNames } from './manifest.ts'

export interface InstallDeps {
  db: State['db']
  version: string
  /** Address under which clusters reach this server. */
  publicUrl: () => string
}

export interface InstallRequest {
  org: string
  cluster: string
  options: ClusterOptions
  /** Pods of the controller that have a key already. */
  enrolled: readonly string[]
  createdBy: string
  method: Installation['method']
  existingSecret?: string | undefined
  server?: string | undefined
  ca?: string | undefined
}

const tokenMinutes = 24 * 60

/** Makes what installs or upgrades the controller of a cluster; pods that have no key yet get a token each. Throws PAN0003 where the address of the server is more than that. */
export async function makeInstallation(deps: InstallDeps, request: InstallRequest): Promise<Installation> {
  const { org, cluster, options, createdBy, existingSecret } = request
  const server = (request.server ?? deps.publicUrl()).replace(/\/+$/, '')
  // It becomes part of a command line.
  if (!URL.canParse(server) || new URL(server).origin !== server)
    throw new PanoptesError('PAN0003', `server: ${server} must be scheme, host and port, and no more`)
  const tokens: Record<string, string> = {}
  let expiresAt: string | null = null
  for (const pod of existingSecret === undefined ? podNames(options.replicas) : []) {
    if (request.enrolled.includes(pod)) continue
    const made = await createEnrolmentToken(deps.db, { org, cluster, origin: 'user', createdBy, expiresInMinutes: tokenMinutes })
    tokens[pod] = made.secret
    expiresAt = made.token.expiresAt
  }
  const install: Install = { cluster, options, version: deps.version, server, ca: request.ca, tokens, secretName: existingSecret ?? defaultSecret }
  return {
    ...{ cluster, method: request.method, version: deps.version },
    ...textsOf[request.method](install),
    images: [imageOf(deps.version, options.registry)],
    tokenExpiresAt: expiresAt,
  }
}

type Texts = Pick<Installation, 'steps' | 'files'>
const textsOf: Record<Installation['method'], (install: Install) => Texts> = {
  manifest: (install) => ({
    files: [manifestFile(install)],
    steps: [
      { title: 'Apply it', command: `kubectl apply --server-side -f ${fileName(install)}` },
      { title: 'Wait for it; where it does not come up, go back', command: rollout(install) },
      { title: 'Remove it', command: `kubectl delete -f ${fileName(install)}` },
    ],
  }),
  helm: (install) => ({
    files: [{ path: 'values.yaml', text: stringify(valuesOf(install)), executable: false }],
    steps: [
      {
        title: 'Install or upgrade; what does not come up is rolled back',
        command: `helm upgrade --install ${controllerName} ${chartUrl(install)} \\\n  --namespace ${install.options.namespace} --create-namespace --rollback-on-failure --timeout 5m -f - <<'EOF'\n${stringify(valuesOf(install))}EOF`,
      },
      {
        title: 'Remove it',
        command: `helm uninstall ${controllerName} --namespace ${install.options.namespace}${install.options.namespace === ownNamespace ? ` && kubectl delete namespace ${ownNamespace}` : ''}`,
      },
    ],
  }),
  bundle: (install) => ({
    files: bundleOf(install),
    steps: [
      {
        title: 'Unpack it, and install or upgrade; what does not come up is rolled back',
        command: `tar xzf panoptes-${install.cluster}.tar.gz && sh panoptes-${install.cluster}/install.sh`,
      },
      { title: 'With certificates of a mesh that spans clusters, made or kept in DIR', command: `sh panoptes-${install.cluster}/install.sh -c DIR` },
      { title: 'Remove it', command: `sh panoptes-${install.cluster}/uninstall.sh` },
    ],
  }),
}

const fileName = ({ cluster }: Install): string => `panoptes-${cluster}.yaml`
const chartUrl = ({ server, version }: Install): string => `${server}/charts/${controllerName}-${version}.tgz`
const rollout = ({ options: { namespace } }: Install): string => {
  const statefulSet = `statefulset/${controllerName} --namespace ${namespace}`
  return `kubectl rollout status ${statefulSet} --timeout 5m || kubectl rollout undo ${statefulSet}`
}

function manifestFile(install: Install): InstallFile {
  const text = manifestOf(install)
    .map((object) => stringify(object))
    .join('---\n')
  return { path: fileName(install), text, executable: false }
}

/** Values of the chart that make the same objects as the manifest. */
export function valuesOf(install: Install): object {
  const { options, server, ca, tokens, secretName, cluster } = install
  return {
    ...{ cluster, server },
    ...(ca ? { ca } : {}),
    ...(Object.keys(tokens).length > 0 ? { tokens } : secretName === defaultSecret ? {} : { existingSecret: secretName }),
    image: { registry: options.registry },
    replicas: options.replicas,
    proxy: options.proxy,
    roles: [...new Set(['base', ...options.roles])],
    persistence: { enabled: options.persistence === 'volume' },
    openshift: options.orchestration === 'openshift',
  }
}

function bundleOf(install: Install): InstallFile[] {
  const { cluster, options, version } = install
  const fill = (text: string) =>
    text
      .replaceAll('@CLUSTER@', cluster)
      .replaceAll('@NAMESPACE@', options.namespace)
      .replaceAll('@CONTROLLER@', controllerName)
      .replaceAll('@VERSION@', version)
  return [
    { ...manifestFile(install), path: 'manifest.yaml' },
    { path: 'images.txt', text: `${imageOf(version, options.registry)}\n`, executable: false },
    ...['install.sh', 'uninstall.sh'].map((path) => ({ path, text: fill(bundleFile(path)), executable: true })),
    { path: 'README.md', text: fill(bundleFile('README.md')), executable: false },
  ]
}
