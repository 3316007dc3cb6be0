import type { KubeObject, ObjectMeta } from './object.ts'
import type { Identified } from './view.ts'

/** Who stands above an object in its owner chain. */
export interface Owner {
  kind: string
  name: string
  uid: string
}

export interface PickedMeta extends Identified {
  labels: Record<string, string>
  /** ISO 8601, as Kubernetes writes it. */
  createdAt?: string
  owner?: Owner
}

export type ContainerKind = 'init' | 'sidecar' | 'app' | 'ephemeral'

/** A container as its pod's status tells of it. */
export interface PickedContainer {
  name: string
  kind: ContainerKind
  /** As the pod's author wrote it. */
  image: string
  /** As the runtime says it ran; empty before it has. */
  imageId: string
  restartCount: number
  /** Ports that it declares. */
  ports: number[]
  state?: ContainerState
  lastState?: ContainerState
}

export interface ContainerState {
  phase: 'waiting' | 'running' | 'terminated'
  containerId?: string
  startedAt?: string
  finishedAt?: string
  exitCode?: number
  signal?: number
  reason?: string
}

export interface PickedPod extends PickedMeta {
  node?: string
  serviceAccount?: string
  hostNetwork: boolean
  phase: string
  ips: string[]
  startedAt?: string
  deletedAt?: string
  /** Istio's ambient mesh takes its traffic. */
  ambient: boolean
  containers: PickedContainer[]
}

export interface PickedNode extends PickedMeta {
  ready: boolean
  addresses: string[]
  zone?: string
  kubelet?: string
  runtime?: string
}

export interface PickedWorkload extends PickedMeta {
  kind: string
  replicas?: number
  ready?: number
  serviceAccount?: string
  images: string[]
}

export interface PickedService extends PickedMeta {
  type: string
  clusterIps: string[]
  selector: Record<string, string>
  ports: { name: string; port: number; protocol: string }[]
}

/** The fields that every kind keeps; enough for namespaces, service accounts, and Secrets and ConfigMaps asked for as metadata. */
export function pickMeta({ metadata }: KubeObject): PickedMeta {
  const owner = metadata.ownerReferences?.find((o) => o.controller) ?? metadata.ownerReferences?.[0]
  return {
    uid: metadata.uid,
    name: metadata.name,
    ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
    resourceVersion: metadata.resourceVersion,
    labels: metadata.labels ?? {},
    ...(metadata.creationTimestamp ? { createdAt: metadata.creationTimestamp } : {}),
    ...(owner ? { owner: { kind: owner.kind, name: owner.name, uid: owner.uid } } : {}),
  }
}

/** A Kubernetes Event: its owner is the object that it tells of. */
export function pickEvent(object: KubeObject): PickedMeta {
  const { involvedObject: about } = object as unknown as { involvedObject?: Partial<Owner> }
  const { labels: _, ...meta } = pickMeta(object)
  return { ...meta, labels: {}, ...(about?.uid ? { owner: { kind: about.kind ?? '', name: about.name ?? '', uid: about.uid } } : {}) }
}

export function pickPod(object: KubeObject): PickedPod {
  const { metadata, spec = {}, status = {} } = object as unknown as RawPod
  const ips = status.podIPs?.map((p) => p.ip) ?? (status.podIP ? [status.podIP] : [])
  return {
    ...pickMeta(object),
    ...(spec.nodeName ? { node: spec.nodeName } : {}),
    ...(spec.serviceAccountName ? { serviceAccount: spec.serviceAccountName } : {}),
    hostNetwork: spec.hostNetwork === true,
    phase: status.phase ?? 'Unknown',
    ips,
    ...(status.startTime ? { startedAt: status.startTime } : {}),
    ...(metadata.deletionTimestamp ? { deletedAt: metadata.deletionTimestamp } : {}),
    ambient: metadata.annotations?.['ambient.istio.io/redirection'] === 'enabled',
    containers: [
      ...containers(spec.initContainers, status.initContainerStatuses, (c) => (c.restartPolicy === 'Always' ? 'sidecar' : 'init')),
      ...containers(spec.containers, status.containerStatuses, () => 'app'),
      ...containers(spec.ephemeralContainers, status.ephemeralContainerStatuses, () => 'ephemeral'),
    ],
  }
}

function containers(specs: RawContainer[] = [], statuses: RawStatus[] = [], kind: (spec: RawContainer) => ContainerKind): PickedContainer[] {
  return specs.map((spec) => {
    const status = statuses.find((s) => s.name === spec.name)
    const [state, lastState] = [stateOf(status?.state), stateOf(status?.lastState)]
    // The id of a container that runs stands beside its state, that of one that ended inside it.
    if (state && state.phase !== 'waiting' && !state.containerId && status?.containerID) state.containerId = status.containerID
    return {
      name: spec.name,
      kind: kind(spec),
      image: spec.image ?? '',
      imageId: status?.imageID ?? '',
      restartCount: status?.restartCount ?? 0,
      ports: spec.ports?.map((p) => p.containerPort) ?? [],
      ...(state ? { state } : {}),
      ...(lastState ? { lastState } : {}),
    }
  })
}

function stateOf(raw: RawState | undefined): ContainerState | undefined {
  for (const phase of ['terminated', 'running', 'waiting'] as const) {
    const inner = raw?.[phase]
    if (!inner) continue
    const { containerID, startedAt, finishedAt, exitCode, signal, reason } = inner
    // The message is left out: it holds the last lines of a log, which hold anything.
    return {
      phase,
      ...(containerID ? { containerId: containerID } : {}),
      ...(startedAt ? { startedAt } : {}),
      ...(finishedAt ? { finishedAt } : {}),
      ...(exitCode !== undefined ? { exitCode } : {}),
      ...(signal ? { signal } : {}),
      ...(reason ? { reason } : {}),
    }
  }
  return undefined
}

export function pickNode(object: KubeObject): PickedNode {
  const { status = {} } = object as unknown as RawNode
  const meta = pickMeta(object)
  const zone = meta.labels['topology.kubernetes.io/zone']
  return {
    ...meta,
    ready: status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false,
    addresses: status.addresses?.filter((a) => /IP$/.test(a.type)).map((a) => a.address) ?? [],
    ...(zone ? { zone } : {}),
    ...(status.nodeInfo?.kubeletVersion ? { kubelet: status.nodeInfo.kubeletVersion } : {}),
    ...(status.nodeInfo?.containerRuntimeVersion ? { runtime: status.nodeInfo.containerRuntimeVersion } : {}),
  }
}

/** Makes the pick of a kind with a pod template: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob. A list's items do not say their kind. */
export function pickWorkload(kind: string): (object: KubeObject) => PickedWorkload {
  return (object) => {
    const { spec = {}, status = {} } = object as unknown as RawWorkload
    const template = (spec.template ?? spec.jobTemplate?.spec?.template)?.spec
    const ready = status.readyReplicas ?? status.numberReady ?? status.ready
    return {
      ...pickMeta(object),
      kind,
      ...(spec.replicas !== undefined ? { replicas: spec.replicas } : {}),
      ...(ready !== undefined ? { ready } : {}),
      ...(template?.serviceAccountName ? { serviceAccount: template.serviceAccountName } : {}),
      images: [...(template?.initContainers ?? []), ...(template?.containers ?? [])].map((c) => c.image ?? ''),
    }
  }
}

export function pickService(object: KubeObject): PickedService {
  const { spec = {} } = object as unknown as RawService
  return {
    ...pickMeta(object),
    type: spec.type ?? 'ClusterIP',
    clusterIps: spec.clusterIPs ?? [],
    selector: spec.selector ?? {},
    ports: spec.ports?.map(({ name = '', port, protocol = 'TCP' }) => ({ name, port, protocol })) ?? [],
  }
}

interface RawContainer {
  name: string
  ports?: { containerPort: number }[]
  image?: string
  restartPolicy?: string
}
type RawState = Partial<Record<ContainerState['phase'], RawPhase>>
interface RawPhase {
  containerID?: string
  startedAt?: string
  finishedAt?: string
  exitCode?: number
  signal?: number
  reason?: string
}
interface RawStatus {
  name: string
  imageID?: string
  containerID?: string
  restartCount?: number
  state?: RawState
  lastState?: RawState
}
interface RawPodSpec {
  nodeName?: string
  serviceAccountName?: string
  hostNetwork?: boolean
  initContainers?: RawContainer[]
  containers?: RawContainer[]
  ephemeralContainers?: RawContainer[]
}
interface RawPod {
  metadata: ObjectMeta
  spec?: RawPodSpec
  status?: {
    phase?: string
    podIP?: string
    podIPs?: { ip: string }[]
    startTime?: string
    initContainerStatuses?: RawStatus[]
    containerStatuses?: RawStatus[]
    ephemeralContainerStatuses?: RawStatus[]
  }
}
interface RawNode {
  status?: {
    conditions?: { type: string; status: string }[]
    addresses?: { type: string; address: string }[]
    nodeInfo?: { kubeletVersion?: string; containerRuntimeVersion?: string }
  }
}
interface RawWorkload {
  spec?: { replicas?: number; template?: { spec?: RawPodSpec }; jobTemplate?: { spec?: { template?: { spec?: RawPodSpec } } } }
  status?: { readyReplicas?: number; numberReady?: number; ready?: number }
}
interface RawService {
  spec?: { type?: string; clusterIPs?: string[]; selector?: Record<string, string>; ports?: { name?: string; port: number; protocol?: string }[] }
}
