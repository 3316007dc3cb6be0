/** Roles that a cluster grants us: one to look, the others by choice. */
export const permissionRoles = ['base', 'secrets', 'admission', 'mesh'] as const
export type PermissionRole = (typeof permissionRoles)[number]

export interface Permission {
  role: PermissionRole
  /** API group; empty = core. */
  group: string
  resource: string
  verbs: readonly string[]
  /** Names of the only objects that it is about; absent: all. */
  names?: readonly string[]
  /** What is not there without it, as a sentence. */
  without: string
  /** Needed for more than its own kind: without it the cluster counts as degraded even where the kind is not served. */
  core?: true
}

const look = ['list', 'watch'] as const

/** Permissions of several resources of one group, each with what is lost without it. */
const of = (group: string, lost: Record<string, string>): Permission[] =>
  Object.entries(lost).map(([resource, without]) => ({ role: 'base' as const, group, resource, verbs: look, without }))

/**
 * Everything that a controller asks of an API server. The chart, the manifest, the controller's look at its own rights and the
 * messages about what is missing are all made from this table; a test holds the chart to it.
 */
export const permissions: readonly Permission[] = [
  {
    ...{ role: 'base', group: '', resource: 'namespaces', verbs: ['get', 'list', 'watch'], core: true },
    without: 'The cluster cannot be recognised (its identity is the UID of the namespace kube-system), and environments have no namespaces.',
  },
  {
    ...{ role: 'base', group: '', resource: 'pods', verbs: look, core: true },
    without: 'No pods and no container history; accesses show addresses instead of names; coverage by the mesh is unknown.',
  },
  ...of('', {
    nodes: 'No nodes; a pod shows the name of its node and nothing of the node.',
    services: 'No services; accesses to a service’s address are not named.',
    serviceaccounts: 'No service accounts, so that identities are not matched with workloads.',
    resourcequotas: 'No quotas.',
    limitranges: 'No limit ranges.',
    events: 'No Kubernetes Events beside the life of an object: the reason of an eviction or a failed pull is unknown.',
    configmaps: 'No ConfigMaps (names and keys alone are kept).',
    persistentvolumeclaims: 'No volume claims.',
    replicationcontrollers: 'No ReplicationControllers; their pods look as if nobody owned them.',
  }),
  ...of('apps', {
    deployments: 'No Deployments; pods are counted by ReplicaSet.',
    statefulsets: 'No StatefulSets.',
    daemonsets: 'No DaemonSets.',
    replicasets: 'No ReplicaSets: a pod is not led back to its Deployment.',
  }),
  ...of('batch', { jobs: 'No Jobs.', cronjobs: 'No CronJobs.' }),
  ...of('autoscaling', { horizontalpodautoscalers: 'No autoscalers: why a workload was scaled is unknown.' }),
  ...of('policy', { poddisruptionbudgets: 'No disruption budgets.' }),
  ...of('discovery.k8s.io', { endpointslices: 'No endpoints: which pod answers for a service is unknown.' }),
  ...of('networking.k8s.io', {
    ingresses: 'No Ingresses: what is reachable from outside is unknown.',
    ingressclasses: 'No Ingress classes.',
    networkpolicies: 'No NetworkPolicies.',
  }),
  ...of('rbac.authorization.k8s.io', {
    roles: 'No Roles: who may do what is unknown.',
    rolebindings: 'No RoleBindings: who may do what is unknown.',
    clusterroles: 'No ClusterRoles: who may do what is unknown.',
    clusterrolebindings: 'No ClusterRoleBindings: who may do what is unknown.',
  }),
  {
    ...{ role: 'base', group: 'coordination.k8s.io', resource: 'leases', verbs: ['list'] },
    without: 'A cloned cluster cannot be told from one that is connected twice.',
  },
  ...of('gateway.networking.k8s.io', {
    gatewayclasses: 'No Gateway API classes.',
    gateways: 'No Gateways of the Gateway API, and no ambient waypoints.',
    httproutes: 'No HTTPRoutes.',
    grpcroutes: 'No GRPCRoutes.',
    tlsroutes: 'No TLSRoutes.',
    tcproutes: 'No TCPRoutes.',
    referencegrants: 'No ReferenceGrants.',
  }),
  ...of('networking.istio.io', {
    virtualservices: 'No VirtualServices.',
    destinationrules: 'No DestinationRules.',
    gateways: 'No Istio Gateways.',
    serviceentries: 'No ServiceEntries: hosts outside of the mesh have no names.',
    sidecars: 'No Sidecars.',
    workloadentries: 'No WorkloadEntries: virtual machines of the mesh are not seen.',
    workloadgroups: 'No WorkloadGroups.',
    envoyfilters: 'No EnvoyFilters.',
    proxyconfigs: 'No ProxyConfigs.',
  }),
  ...of('security.istio.io', {
    authorizationpolicies: 'No AuthorizationPolicies.',
    peerauthentications: 'No PeerAuthentications: where mTLS is demanded is unknown.',
    requestauthentications: 'No RequestAuthentications.',
  }),
  ...of('telemetry.istio.io', { telemetries: 'No Telemetry resources: why a proxy sends no log cannot be said.' }),
  ...of('extensions.istio.io', { wasmplugins: 'No WasmPlugins.' }),
  ...of('argoproj.io', { rollouts: 'No Argo Rollouts.' }),
  ...of('serving.knative.dev', { services: 'No Knative Services.', revisions: 'No Knative Revisions.' }),
  {
    role: 'secrets',
    group: '',
    resource: 'secrets',
    verbs: look,
    without: 'Secrets are not seen; with this role their names and keys are kept, never values.',
  },
  ...(['validatingwebhookconfigurations', 'validatingadmissionpolicies', 'validatingadmissionpolicybindings'] as const).map(
    (resource): Permission => ({
      ...{ role: 'admission', group: 'admissionregistration.k8s.io', resource, verbs: ['get', 'create', 'patch', 'delete'], names: ['panoptes-controller'] },
      without: 'Admission is not in force: the API server cannot be told whom to ask and which rules to hold.',
    }),
  ),
  {
    ...{ role: 'admission', group: 'rbac.authorization.k8s.io', resource: 'clusterroles', verbs: ['get'], names: ['panoptes-controller-admission'] },
    without: 'What admission has put into the cluster stays there after an uninstall.',
  },
]

/** `pods`, or `gateways.networking.istio.io`: as kubectl writes a resource. */
export const resourceName = ({ group, resource }: Pick<Permission, 'group' | 'resource'>): string => (group ? `${resource}.${group}` : resource)

/** Stable name of one verb on one resource: `list pods`. */
export const permissionId = (permission: Pick<Permission, 'group' | 'resource'>, verb: string): string => `${verb} ${resourceName(permission)}`

/** The table by `list pods`. */
export const permissionById: ReadonlyMap<string, Permission> = new Map(
  permissions.flatMap((permission) => permission.verbs.map((verb) => [permissionId(permission, verb), permission] as const)),
)
