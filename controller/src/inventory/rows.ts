import type { Cell } from '../batch/index.ts'
import type { ContainerLife, ContainerTransition, IpLease, LeaseChange, PickedMeta, PickedPod } from '../watch/index.ts'
import type { Document } from './document.ts'
import type { Kind } from './kinds.ts'

export type Row = Record<string, Cell>
type How = 'watched' | 'relisted' | 'inferred'
interface Workload {
  kind: string
  name: string
}

const micros = (iso: string | undefined): number => (iso ? Date.parse(iso) * 1000 : 0)
/** Resource versions are decimal numbers; one of a server that does it differently is 0. */
export const versionOf = (text: string): number => (/^\d{1,16}$/.test(text) ? Number(text) : 0)

const ownerOf = ({ owner }: Pick<PickedMeta, 'owner'>, workload: Workload): Row => ({
  ...(owner ? { owner_kind: owner.kind, owner_name: owner.name, owner_uid: owner.uid } : {}),
  ...{ workload_kind: workload.kind, workload: workload.name },
})

export interface ObjectNews {
  event: 'added' | 'modified' | 'deleted' | 'known'
  how: How
  object: PickedMeta
  resourceVersion: string
  workload: Workload
  document: Document
  /** Whether the specification goes along: where it is new, or a new day begins. */
  withSpec: boolean
}

export function objectRow({ group, kind }: Kind, { event, how, object, resourceVersion, workload, document, withSpec }: ObjectNews): Row {
  return {
    ...{ event, how, api_group: group, kind, namespace: object.namespace ?? '', name: object.name, uid: object.uid },
    ...{ resource_version: versionOf(resourceVersion), created: micros(object.createdAt) },
    ...ownerOf(object, workload),
    ...{ spec_hash: document.hash, spec: withSpec ? document.spec : '', status: document.status, summary: document.summary },
  }
}

/** Says that all objects of a kind have been told since `began` (µs). */
export const syncedRow = ({ group, kind }: Kind, resourceVersion: string, began: number): Row => ({
  ...{ event: 'synced', how: 'watched', api_group: group, kind, resource_version: versionOf(resourceVersion), created: began },
})

/** What the rows about a pod share. */
export interface PodContext {
  pod: PickedPod
  resourceVersion: string
  workload: Workload
  trustDomain: string
  specHash: string
}

function podRow({ pod, workload }: PodContext): Row {
  return { namespace: pod.namespace ?? '', pod: pod.name, pod_uid: pod.uid, node: pod.node ?? '', sa: pod.serviceAccount ?? '', ...ownerOf(pod, workload) }
}

const shared = (context: PodContext): Row => ({
  ...podRow(context),
  resource_version: versionOf(context.resourceVersion),
  spiffe: `spiffe://${context.trustDomain}/ns/${context.pod.namespace ?? ''}/sa/${context.pod.serviceAccount || 'default'}`,
  spec_hash: context.specHash,
})

function lifeRow(context: PodContext, life: ContainerLife): Row {
  return {
    ...shared(context),
    ...{ container: life.container, kind: life.kind, container_id: life.containerId, ordinal: life.ordinal },
    ...{ image: life.image, image_digest: life.imageDigest ?? '', started: micros(life.startedAt) },
  }
}

export function containerRow(context: PodContext, transition: ContainerTransition): Row {
  const how = transition.relisted ? 'relisted' : 'watched'
  if (transition.type === 'unseen') return { ...shared(context), event: 'unseen', how: 'inferred', container: transition.container, unseen: transition.count }
  const { life } = transition
  const row = { ...lifeRow(context, life), event: transition.type, how, reason: life.reason ?? '' }
  if (transition.type === 'waiting') return { ...row, state: 'waiting' }
  if (transition.type === 'started') return { ...row, state: 'running' }
  const { evidence, at } = transition
  return {
    ...row,
    ...{ how: evidence === 'told' ? how : 'inferred', state: 'terminated', evidence },
    ...{ exit_code: life.exitCode ?? 0, signal: life.signal ?? 0, finished: micros(life.endedAt) || at * 1000 },
  }
}

/** A container that runs, told again at the begin of a day. */
export const runningRow = (context: PodContext, life: ContainerLife): Row => ({
  ...lifeRow(context, life),
  ...{ event: 'known', how: 'watched', state: 'running' },
})

/** Containers of a pod with the ports they declare, as `app:8080/9090,istio-proxy`. */
export const portsOf = ({ containers }: Pick<PickedPod, 'containers'>): string =>
  containers
    .filter((c) => c.kind === 'app' || c.kind === 'sidecar')
    .map(({ name, ports }) => (ports.length > 0 ? `${name}:${ports.join('/')}` : name))
    .join(',')

export function leaseRow(context: PodContext, event: LeaseChange['type'] | 'known', lease: IpLease, how: How): Row {
  const { owner_kind: _, owner_name: __, owner_uid: ___, ...pod } = podRow(context)
  return {
    ...pod,
    ...{ event, how, ip: lease.ip, host_network: lease.hostNetwork ? 1 : 0, ports: portsOf(context.pod) },
    ...{ since: lease.from * 1000, until: (lease.to ?? 0) * 1000 },
  }
}
