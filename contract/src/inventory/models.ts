import { z } from 'zod'

const time = z.iso.datetime()
const names = z.array(z.string())
const Port = z.object({ name: z.string(), port: z.number().int(), protocol: z.string() })

/** The fields of an object that lists show; which of them there are depends on its kind. */
export const ObjectSummary = z
  .object({
    labels: z.record(z.string(), z.string()),
    phase: z.string().describe('Of pods, nodes (Ready or NotReady) and namespaces'),
    reason: z.string().describe('Why a pod is not running, or the reason of an Event'),
    node: z.string(),
    ips: names,
    serviceAccount: z.string(),
    hostNetwork: z.boolean(),
    containers: z.number().int(),
    ready: z.number().int(),
    replicas: z.number().int(),
    restarts: z.number().int(),
    images: names,
    zone: z.string(),
    kubelet: z.string(),
    runtime: z.string(),
    type: z.string().describe('Of a Service or an Event'),
    clusterIps: names,
    selector: z.record(z.string(), z.string()),
    ports: z.array(Port),
    service: z.string().describe('Of an EndpointSlice'),
    addresses: names,
    notReady: names,
    keys: names.describe('Of a Secret or ConfigMap: names alone, never values'),
    message: z.string(),
    count: z.number().int(),
    source: z.string(),
    last: z.string(),
  })
  .partial()
  .meta({ id: 'ObjectSummary' })
export type ObjectSummary = z.infer<typeof ObjectSummary>

export const Owner = z.object({ kind: z.string(), name: z.string(), uid: z.string() })

/** One version of a Kubernetes object. */
export const KubeObjectRow = z
  .object({
    cluster: z.string(),
    group: z.string().describe('API group; empty = core'),
    kind: z.string(),
    namespace: z.string(),
    name: z.string(),
    uid: z.string(),
    resourceVersion: z.number().int(),
    createdAt: time.nullable(),
    seenAt: time.describe('When the controller learnt of this version'),
    owner: Owner.nullable(),
    workload: z.object({ kind: z.string(), name: z.string() }).describe('Top of the owner chain'),
    specHash: z.string(),
    summary: ObjectSummary,
  })
  .meta({ id: 'KubeObject' })
export type KubeObjectRow = z.infer<typeof KubeObjectRow>

/** How much of a cluster the record knows at the asked moment. */
export const ClusterAtMoment = z
  .object({
    cluster: z.string(),
    resourceVersion: z.number().int().describe('The answer holds all changes up to here'),
    toldAt: time.describe('When the controller last told a change before the asked moment'),
    wholeSince: time.nullable().describe('Since when all kinds asked for have been known; null = not yet'),
    gaps: z
      .array(z.object({ from: time, to: time, kind: z.string(), detail: z.string() }))
      .describe('Intervals around the asked moment in which changes may have been missed'),
  })
  .meta({ id: 'ClusterAtMoment' })
export type ClusterAtMoment = z.infer<typeof ClusterAtMoment>

export const ContainerState = z.enum(['waiting', 'running', 'terminated'])

/** One life of a container: from a start to an end. */
export const ContainerLifeRow = z
  .object({
    cluster: z.string(),
    namespace: z.string(),
    workloadKind: z.string(),
    workload: z.string(),
    pod: z.string(),
    podUid: z.string(),
    container: z.string(),
    kind: z.string().describe('init, sidecar, app or ephemeral'),
    containerId: z.string(),
    ordinal: z.number().int().describe('Lives of this container before this one'),
    state: ContainerState,
    reason: z.string(),
    exitCode: z.number().int().nullable().describe('null: still running, or the end was not told'),
    signal: z.number().int().nullable(),
    evidence: z.string().describe('told by the kubelet; replaced, pod-ended, pod-gone: inferred; empty: still running'),
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    image: z.string(),
    imageDigest: z.string(),
    node: z.string(),
    serviceAccount: z.string(),
    spiffe: z.string(),
    how: z.string().describe('watched, relisted or inferred: how the newest news of it came'),
    specHash: z.string(),
    resourceVersion: z.number().int(),
  })
  .meta({ id: 'ContainerLife' })
export type ContainerLifeRow = z.infer<typeof ContainerLifeRow>

/** One thing that happened to a container, as it was told. */
export const ContainerTransitionRow = z
  .object({
    at: time.describe('When the controller learnt of it'),
    event: z.enum(['waiting', 'started', 'ended', 'unseen']),
    how: z.string(),
    podUid: z.string(),
    container: z.string(),
    containerId: z.string(),
    ordinal: z.number().int(),
    unseen: z.number().int().describe('Lives that nobody saw'),
    reason: z.string(),
    exitCode: z.number().int().nullable(),
    evidence: z.string(),
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    imageDigest: z.string(),
    resourceVersion: z.number().int(),
  })
  .meta({ id: 'ContainerTransition' })

export const IpLeaseRow = z
  .object({
    ip: z.string(),
    cluster: z.string(),
    namespace: z.string(),
    pod: z.string(),
    podUid: z.string(),
    node: z.string(),
    workload: z.string(),
    hostNetwork: z.boolean(),
    from: time,
    to: time.nullable(),
  })
  .meta({ id: 'IpLease' })

export const WorkloadRow = z
  .object({
    cluster: z.string(),
    namespace: z.string(),
    kind: z.string(),
    name: z.string(),
    uid: z.string().nullable().describe('null where only its pods are known'),
    replicas: z.number().int().nullable(),
    pods: z.number().int(),
    running: z.number().int(),
    restarts: z.number().int(),
    images: names,
    nodes: z.number().int(),
    createdAt: time.nullable(),
  })
  .meta({ id: 'Workload' })
export type WorkloadRow = z.infer<typeof WorkloadRow>

export const ImageRow = z
  .object({
    digest: z.string().describe('sha256:…; empty where the runtime told none'),
    images: names.describe('Names under which it ran'),
    containers: z.number().int(),
    pods: z.number().int(),
    workloads: z.number().int(),
    clusters: names,
    firstStartedAt: time.nullable(),
  })
  .meta({ id: 'Image' })

/** Where one image has run, by cluster and workload. */
export const ImageRunRow = z
  .object({
    cluster: z.string(),
    namespace: z.string(),
    workloadKind: z.string(),
    workload: z.string(),
    container: z.string(),
    image: z.string(),
    nodes: names,
    lives: z.number().int(),
    running: z.number().int(),
    firstStartedAt: time.nullable(),
    lastSeenAt: time,
  })
  .meta({ id: 'ImageRun' })

const Attributed = z.object({ by: z.string(), namespace: z.string(), pod: z.string(), podUid: z.string(), container: z.string() })
/** One end of an access: as it was recorded, and as the leases tell it now. */
export const AttributedEnd = z.object({ ip: z.string(), port: z.number().int(), recorded: Attributed, computed: Attributed }).meta({ id: 'AttributedEnd' })
