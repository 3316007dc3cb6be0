import { type ClusterOptions, type PermissionRole, permissions } from '@panoptes/contract'

/** What a manifest is made from. */
export interface Install {
  cluster: string
  options: ClusterOptions
  version: string
  /** Address of the server as the cluster sees it. */
  server: string
  /** PEM of the authority that signed the server's certificate. */
  ca?: string | undefined
  /** Enrolment tokens by the name of the pod that uses each; none = a Secret of this name exists, or none is needed. */
  tokens: Record<string, string>
  secretName: string
}

type KubeObject = { apiVersion: string; kind: string; metadata: Record<string, unknown> } & Record<string, unknown>

export const controllerName = 'panoptes-controller'
export const defaultSecret = 'panoptes-controller-token'
const selector = { 'app.kubernetes.io/name': controllerName }
const uid = 65_532
export const ownNamespace = 'panoptes'
const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted', 'istio-injection': 'disabled' }

/** Names of the pods of the controller: each has a key and a spool of its own. */
export const podNames = (replicas: number): string[] => Array.from({ length: replicas }, (_, i) => `${controllerName}-${i}`)

export const imageOf = (version: string, registry: string): string => `${registry ? `${registry}/` : ''}panoptes/controller:${version}`

/** Every object of an installation, in the order in which they are applied. The chart makes the same (a proof compares the two). */
export function manifestOf(install: Install): KubeObject[] {
  const { options, ca, tokens, secretName } = install
  const { namespace } = options
  const roles = [...new Set<PermissionRole>(['base', ...options.roles])]
  const labels = { ...selector, 'app.kubernetes.io/part-of': 'panoptes' }
  const meta = (name: string, more: object = {}) => ({ name, namespace, labels, ...more })
  const clusterMeta = (name: string) => ({ name, labels })
  const subjects = [{ kind: 'ServiceAccount', name: controllerName, namespace }]
  const rbac = 'rbac.authorization.k8s.io'
  return [
    // A namespace of another name is the user's: it may hold more than ours, and is neither made nor removed.
    ...(namespace === ownNamespace ? [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { ...labels, ...restricted } } }] : []),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta(controllerName), automountServiceAccountToken: false },
    ...roles
      .filter((role) => permissions.some((p) => p.role === role))
      .flatMap((role): KubeObject[] => {
        const name = role === 'base' ? controllerName : `${controllerName}-${role}`
        return [
          { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: clusterMeta(name), rules: rulesOf(role) },
          {
            apiVersion: `${rbac}/v1`,
            kind: 'ClusterRoleBinding',
            metadata: clusterMeta(name),
            roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
            subjects,
          },
        ]
      }),
    // Who of the replicas watches: the Lease is made here, so that the controller needs no right to make one.
    { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: meta(controllerName) },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: 'Role', metadata: meta(controllerName) },
      rules: [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [controllerName], verbs: ['get', 'update'] }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: meta(controllerName),
      roleRef: { apiGroup: rbac, kind: 'Role', name: controllerName },
      subjects,
    },
    ...(Object.keys(tokens).length > 0 ? [{ apiVersion: 'v1', kind: 'Secret', metadata: meta(secretName), type: 'Opaque', stringData: tokens }] : []),
    ...(ca ? [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: meta(`${controllerName}-ca`), data: { 'ca.crt': ca } }] : []),
    {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: clusterMeta(controllerName),
      value: 1_000_000,
      globalDefault: false,
      description: 'The eye of Panoptes: evidence is lost while it is away.',
    },
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: meta(controllerName) },
      spec: {
        selector,
        ports: [
          { name: 'grpc-als', port: 4320, targetPort: 'grpc-als', appProtocol: 'grpc' },
          { name: 'http-otlp', port: 4318, targetPort: 'http-otlp', appProtocol: 'http' },
          ...(answers(options) ? [{ name: 'https-admission', port: 443, targetPort: 'https-admission', appProtocol: 'https' }] : []),
        ],
      },
    },
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: meta(controllerName), spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
    statefulSet(install, meta(controllerName), labels),
  ]
}

/** Whether the controller answers the API server's reviews. */
const answers = ({ roles }: ClusterOptions): boolean => roles.includes('admission')

function rulesOf(role: PermissionRole): object[] {
  return permissions
    .filter((p) => p.role === role)
    .map(({ group, resource, verbs, names }) => ({
      ...{ apiGroups: [group], resources: [resource], verbs: [...verbs] },
      ...(names ? { resourceNames: [...names] } : {}),
    }))
}

function statefulSet(install: Install, metadata: Record<string, unknown>, labels: object): KubeObject {
  const { options, secretName, ca } = install
  const onVolume = options.persistence === 'volume'
  const spec = {
    serviceName: controllerName,
    replicas: options.replicas,
    // A broken new version must not keep the old one from coming back.
    podManagementPolicy: 'Parallel',
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' },
    selector: { matchLabels: selector },
    template: {
      metadata: { labels: { ...labels, 'sidecar.istio.io/inject': 'false' } },
      spec: {
        serviceAccountName: controllerName,
        automountServiceAccountToken: true,
        priorityClassName: controllerName,
        // SIGTERM: no new streams, what is held is written to the spool and sent.
        terminationGracePeriodSeconds: 30,
        securityContext: podSecurity(options),
        containers: [container(install)],
        volumes: [
          { name: 'token', secret: { secretName, optional: true, defaultMode: 0o440 } },
          ...(ca ? [{ name: 'ca', configMap: { name: `${controllerName}-ca` } }] : []),
          { name: 'tmp', emptyDir: { sizeLimit: '64Mi' } },
          ...(onVolume ? [] : [{ name: 'data', emptyDir: { sizeLimit: '5Gi' } }]),
        ],
      },
    },
    ...(onVolume
      ? { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } } } }] }
      : {}),
  }
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec }
}

/** OpenShift gives each namespace its own range of user ids; a fixed one would be refused there. */
function podSecurity({ orchestration }: ClusterOptions): object {
  const ids = orchestration === 'openshift' ? {} : { runAsUser: uid, runAsGroup: uid, fsGroup: uid }
  return { runAsNonRoot: true, ...ids, seccompProfile: { type: 'RuntimeDefault' } }
}

function container({ options, version, server, ca, cluster }: Install): object {
  const { proxy } = options
  const probe = (path: string) => ({ httpGet: { path, port: 'status' } })
  return {
    name: 'controller',
    image: imageOf(version, options.registry),
    args: [
      '--name=$(POD_NAME)',
      `--server=${server}`,
      '--token-file=/etc/panoptes/token/$(POD_NAME)',
      ...(ca ? ['--ca=/etc/panoptes/ca/ca.crt'] : []),
      '--data=/data',
      '--in-cluster',
      ...(options.replicas > 1 ? [`--lease=$(POD_NAMESPACE)/${controllerName}`] : []),
      `--roles=${[...new Set(['base', ...options.roles])].join(',')}`,
      ...(answers(options) ? ['--admission=0.0.0.0:4322', `--admission-at=$(POD_NAMESPACE)/${controllerName}`] : []),
      '--als=0.0.0.0:4320',
      '--otlp-http=0.0.0.0:4318',
      '--status=0.0.0.0:4321',
      '--spool-max-bytes=4G',
    ],
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'PANOPTES_CLUSTER', value: cluster },
      ...(proxy
        ? [
            { name: 'HTTPS_PROXY', value: proxy },
            { name: 'HTTP_PROXY', value: proxy },
          ]
        : []),
    ],
    ports: [
      { name: 'grpc-als', containerPort: 4320 },
      { name: 'http-otlp', containerPort: 4318 },
      { name: 'status', containerPort: 4321 },
      ...(answers(options) ? [{ name: 'https-admission', containerPort: 4322 }] : []),
    ],
    startupProbe: { ...probe('/livez'), periodSeconds: 2, failureThreshold: 60 },
    livenessProbe: { ...probe('/livez'), periodSeconds: 10 },
    readinessProbe: { ...probe('/healthz'), periodSeconds: 5 },
    resources: { requests: { cpu: '100m', memory: '192Mi' }, limits: { memory: '512Mi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'token', mountPath: '/etc/panoptes/token', readOnly: true },
      ...(ca ? [{ name: 'ca', mountPath: '/etc/panoptes/ca', readOnly: true }] : []),
      { name: 'tmp', mountPath: '/tmp' },
    ],
  }
}
