import { type ClusterOptions, orchestrations, PanoptesError, permissionRoles, ruleModes } from '@panoptes/contract'
import { choice, flag, text, texts, type Values, whole } from '../../core/index.ts'

/** Options of a cluster, for `create` and `update`; what is not said is left out. */
export const clusterOptions = {
  orchestration: choice('--orchestration <kind>', 'who runs the Kubernetes', orchestrations),
  label: texts('--label <key=value>', 'a label; may be given often'),
  environment: text('--environment <name>', 'what it belongs to, as production'),
  namespace: text('--namespace <name>', 'where the controller is installed (panoptes)'),
  replicas: whole('--replicas <n>', 'pods of the controller; one of them watches (1)'),
  proxy: text('--proxy <url>', 'HTTP proxy on the way to the server'),
  registry: text('--registry <host>', 'internal registry that holds the images'),
  persistence: choice('--persistence <where>', 'where the spool lies; what emptyDir holds is lost with the pod', ['volume', 'emptyDir'] as const),
  multiCluster: flag('--multi-cluster', 'part of a mesh of several clusters, with certificates of one root'),
  failurePolicy: choice('--failure-policy <what>', 'what admission does while the controller does not answer', ['ignore', 'fail'] as const),
  admissionTimeout: whole('--admission-timeout <seconds>', 'how long the API server waits for an answer of admission (5)'),
  imageRule: choice('--image-rule <mode>', 'rule “unidentified image”: off, detect (warn and record) or enforce (refuse)', ruleModes),
  allowRegistry: texts('--allow-registry <host>', 'a registry that images may come from; may be given often; any: no list'),
  upgradePolicy: choice('--upgrade-policy <who>', 'automatic: for clusters connected by a kubeconfig', ['manual', 'automatic'] as const),
  role: texts('--role <name>', `what the cluster grants beside base: ${permissionRoles.slice(1).join(', ')}`),
} as const

type Told = Partial<ClusterOptions>

/** What the command line told of a cluster's options. Throws PAN0003 where a label or role is not one. */
export function toldOptions(options: Values<typeof clusterOptions>): Told {
  const { label, role, multiCluster, allowRegistry } = options
  const plain = [
    ...(['orchestration', 'environment', 'namespace', 'replicas', 'proxy', 'registry', 'persistence', 'failurePolicy', 'upgradePolicy'] as const),
    ...(['admissionTimeout', 'imageRule'] as const),
  ]
  const roles = ['base', ...role].map(
    (name) => permissionRoles.find((known) => known === name) ?? wrong(`--role must be of ${permissionRoles.join(', ')}, not ${name}`),
  )
  return {
    ...(Object.fromEntries(plain.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]]))) as Told),
    ...(label.length > 0 ? { labels: Object.fromEntries(label.map(labelOf)) } : {}),
    ...(role.length > 0 ? { roles } : {}),
    ...(allowRegistry.length > 0 ? { registries: allowRegistry.includes('any') ? [] : allowRegistry } : {}),
    ...(multiCluster ? { multiCluster } : {}),
  }
}

function labelOf(told: string): [string, string] {
  const at = told.indexOf('=')
  return at > 0 ? [told.slice(0, at), told.slice(at + 1)] : wrong(`--label must be key=value, not ${told}`)
}

function wrong(detail: string): never {
  throw new PanoptesError('PAN0003', detail)
}
