import { type KubeObject, pickNode, pickPod, pickService, pickWorkload } from '../watch/index.ts'
import type { Kind } from './kinds.ts'

const workloads = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicationController', 'Rollout'])

/** The fields of an object that lists show and sort by. `object` is redacted; `raw` is asked for names alone. */
export function summaryOf({ kind, group }: Kind, object: KubeObject, raw: KubeObject): Record<string, unknown> {
  const { labels } = object.metadata
  return { ...(labels ? { labels } : {}), ...fieldsOf(kind, group, object, raw) }
}

function fieldsOf(kind: string, group: string, object: KubeObject, raw: KubeObject): Record<string, unknown> {
  if (kind === 'Pod') return podOf(object)
  if (kind === 'Node') {
    const { ready, addresses, zone, kubelet, runtime } = pickNode(object)
    return { phase: ready ? 'Ready' : 'NotReady', ips: addresses, zone, kubelet, runtime }
  }
  if (workloads.has(kind)) {
    const { replicas, ready, serviceAccount, images } = pickWorkload(kind)(object)
    return { replicas, ready, serviceAccount, images }
  }
  if (kind === 'Service' && group === '') {
    const { type, clusterIps, selector, ports } = pickService(object)
    return { type, clusterIps, selector, ports }
  }
  if (kind === 'Namespace') return { phase: (object.status as { phase?: string } | undefined)?.phase }
  if (kind === 'Event') return eventOf(object as unknown as RawEvent)
  if (kind === 'Secret' || kind === 'ConfigMap') return { keys: keysOf(raw) }
  if (kind === 'EndpointSlice') return endpointsOf(object as unknown as RawSlice)
  return {}
}

function podOf(object: KubeObject): Record<string, unknown> {
  const { phase, node, ips, serviceAccount, hostNetwork, containers } = pickPod(object)
  const apps = containers.filter((c) => c.kind === 'app' || c.kind === 'sidecar')
  const statuses = [object.status as { containerStatuses?: { ready?: boolean }[] } | undefined].flatMap((s) => s?.containerStatuses ?? [])
  return {
    ...{ phase, node, ips, serviceAccount, hostNetwork },
    containers: apps.length,
    ready: statuses.filter((s) => s.ready).length,
    restarts: containers.reduce((sum, c) => sum + c.restartCount, 0),
    reason: containers.map((c) => c.state?.reason).find((reason) => reason && reason !== 'Completed'),
    images: [...new Set(containers.map((c) => c.image))],
  }
}

function eventOf({ type, reason, message, note, count, deprecatedCount, source, reportingComponent, lastTimestamp, eventTime }: RawEvent) {
  return {
    ...{ type, reason },
    message: (message ?? note ?? '').slice(0, 1_024),
    count: count ?? deprecatedCount ?? 1,
    source: reportingComponent || source?.component,
    last: lastTimestamp ?? eventTime,
  }
}

function endpointsOf({ metadata, endpoints, ports }: RawSlice) {
  const all = endpoints ?? []
  return {
    service: metadata.labels?.['kubernetes.io/service-name'],
    ports: ports?.map(({ name = '', port = 0, protocol = 'TCP' }) => ({ name, port, protocol })),
    addresses: all.filter((e) => e.conditions?.ready !== false).flatMap((e) => e.addresses),
    notReady: all.filter((e) => e.conditions?.ready === false).flatMap((e) => e.addresses),
  }
}

/** The keys of a Secret or ConfigMap, from the fields that its managers have set: nobody has to send us the values. */
function keysOf({ metadata }: KubeObject): string[] {
  const fields = ((metadata as { managedFields?: { fieldsV1?: Record<string, object> }[] }).managedFields ?? []).flatMap(({ fieldsV1 = {} }) =>
    ['f:data', 'f:binaryData', 'f:stringData'].flatMap((part) => Object.keys(fieldsV1[part] ?? {})),
  )
  return [...new Set(fields.flatMap((name) => (name.startsWith('f:') ? [name.slice(2)] : [])))].sort()
}

interface RawEvent {
  type?: string
  reason?: string
  message?: string
  note?: string
  count?: number
  deprecatedCount?: number
  source?: { component?: string }
  reportingComponent?: string
  lastTimestamp?: string
  eventTime?: string
}
interface RawSlice {
  metadata: { labels?: Record<string, string> }
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[]
  ports?: { name?: string; port?: number; protocol?: string }[]
}
