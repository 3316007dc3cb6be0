import { inventoryRoutes, type KubeObjectRow } from '@panoptes/contract'
import type { ReactNode } from 'react'
import { momentOf, useAddress } from '../../address/index.ts'
import { formatAgo, formatTime } from '../../format/index.ts'
import { Facts, Failure, Status, Waiting } from '../../parts/index.ts'
import { useCall } from '../../platform/index.ts'
import classes from './inventory.module.css'
import { Life } from './life.tsx'
import type { Place } from './noun.ts'
import { objectState } from './prepare-inventory.ts'
import { SideHead, Tabs, Thing } from './side-parts.tsx'
import { Versions, Yaml } from './yaml.tsx'

/** What the accesses of an object are found by; nothing where it is of no traffic. */
export function placeOfObject({ kind, cluster, namespace, name, workload }: KubeObjectRow): Place {
  if (kind === 'Namespace') return { cluster, namespace: name }
  if (kind === 'Node') return { cluster, node: name }
  if (kind === 'Service') return { cluster, namespace, service: name }
  if (kind === 'Pod') return { cluster, namespace, workload: workload.name, pod: name }
  return workload.kind === kind && workload.name === name && kind !== 'Event' && namespace ? { cluster, namespace, workload: name } : {}
}

/** One Kubernetes object: what it is, its life where it is a pod, its YAML at the moment shown, and all its versions. */
export function ObjectSide({ open: uid }: { open: string }) {
  const { address, utc } = useAddress()
  const at = momentOf(address)
  const answer = useCall(inventoryRoutes.getObject, { params: { uid }, query: { at } }, { every: at === 'now' && 10_000, keep: false })
  const compares = address.with !== undefined
  const yaml = { id: 'yaml', label: compares ? 'Difference' : 'YAML', content: () => <Yaml uid={uid} /> }
  const versions = { id: 'versions', label: 'History', content: () => <Versions uid={uid} /> }
  // What came after the moment shown, or was there before the other one alone, has no overview at this moment, but a difference.
  if (answer.error) {
    return (
      <div className={classes.side}>
        <SideHead title="Not there at this moment" />
        {compares ? <Tabs tabs={[yaml, versions]} /> : <Failure error={answer.error} retry={() => void answer.refetch()} />}
        {!compares && <Versions uid={uid} />}
      </div>
    )
  }
  if (!answer.data) return <Waiting what="the object" lines={12} />
  const { object, deletedAt } = answer.data
  const life = { id: 'life', label: 'Life', content: () => <Life uid={uid} /> }
  const overview = { id: 'overview', label: 'Overview', content: () => <Overview object={object} /> }
  const tabs = [...(compares ? [yaml] : []), overview, ...(object.kind === 'Pod' ? [life] : []), ...(compares ? [] : [yaml]), versions]
  return (
    <div className={classes.side}>
      <SideHead
        title={object.name}
        path={[object.kind, object.cluster, object.namespace]}
        state={deletedAt ? { words: `deleted ${formatTime(deletedAt, utc)}`, tone: 'bad' } : objectState(object)}
        place={placeOfObject(object)}
      />
      <Tabs tabs={tabs} />
    </div>
  )
}

function Overview({ object }: { object: KubeObjectRow }) {
  const { utc } = useAddress()
  const { summary, kind, owner, workload } = object
  const pairs = (record: Record<string, string> | undefined) =>
    record && Object.keys(record).length > 0 ? (
      <span className={classes.chips}>
        {Object.entries(record).map((pair) => (
          <code key={pair[0]}>{pair.join('=')}</code>
        ))}
      </span>
    ) : undefined
  const list = (values: readonly string[] | undefined) =>
    values?.length ? (
      <span className={classes.chips}>
        {values.map((v) => (
          <code key={v}>{v}</code>
        ))}
      </span>
    ) : undefined
  const facts: Record<string, ReactNode> = {
    Created: object.createdAt && `${formatTime(object.createdAt, utc)}, ${formatAgo(object.createdAt, Date.now())}`,
    'Last change': `${formatTime(object.seenAt, utc)}, version ${object.resourceVersion}`,
    Workload:
      workload.name && workload.kind !== kind ? (
        <Thing to="/workloads" open={`${object.cluster}/${object.namespace}/${workload.kind}/${workload.name}`}>
          {workload.kind} {workload.name}
        </Thing>
      ) : undefined,
    'Owned by': owner && (
      <Thing to="/objects" open={owner.uid}>
        {owner.kind} {owner.name}
      </Thing>
    ),
    Node: summary.node && (
      <Thing to="/pods" text={`node:${summary.node}`}>
        {summary.node}
      </Thing>
    ),
    Addresses: list(summary.ips ?? summary.clusterIps),
    'Service account': summary.serviceAccount,
    Containers: kind === 'Pod' && summary.containers !== undefined ? `${summary.ready ?? 0} of ${summary.containers} ready` : undefined,
    Replicas: summary.replicas !== undefined ? `${summary.ready ?? 0} of ${summary.replicas} ready` : undefined,
    Restarts: summary.restarts,
    Images: list(summary.images),
    'Host network': summary.hostNetwork && 'yes: it shares the addresses of its node',
    Zone: summary.zone,
    Kubelet: summary.kubelet,
    Runtime: summary.runtime,
    Type: summary.type,
    Ports: list(summary.ports?.map(({ name, port, protocol }) => `${name ? `${name} ` : ''}${port}/${protocol}`)),
    Selector: pairs(summary.selector),
    Service: summary.service,
    Endpoints: list(summary.addresses),
    'Not ready': list(summary.notReady),
    Keys: list(summary.keys),
    Message: summary.message,
    Times: summary.count !== undefined && summary.count > 1 ? summary.count : undefined,
    Source: summary.source,
    Labels: pairs(summary.labels),
    Uid: <code>{object.uid}</code>,
  }
  return (
    <div className={classes.stack}>
      {kind === 'Namespace' && (
        <div className={classes.sideLine}>
          <Thing to="/workloads" text={`namespace:${object.name}`}>
            Its workloads
          </Thing>
          <Thing to="/pods" text={`namespace:${object.name}`}>
            Its pods
          </Thing>
        </div>
      )}
      {kind === 'Node' && (
        <div className={classes.sideLine}>
          <Thing to="/pods" text={`node:${object.name}`}>
            Its pods
          </Thing>
          <Thing to="/containers" text={`node:${object.name}`}>
            Its containers
          </Thing>
        </div>
      )}
      <Facts facts={facts} />
      {kind !== 'Event' && <Events about={object.uid} />}
    </div>
  )
}

/** Kubernetes Events about an object, as they were at the moment shown. */
function Events({ about }: { about: string }) {
  const { address, utc } = useAddress()
  const answer = useCall(inventoryRoutes.listObjects, { query: { at: momentOf(address), kind: 'Event', owner: about, sort: 'seen', order: 'desc', limit: 20 } })
  const events = answer.data?.objects ?? []
  if (events.length === 0) return null
  return (
    <section>
      <h3>Events</h3>
      {events.map((event) => (
        <div key={event.uid} className={classes.event}>
          <Status tone={event.summary.type === 'Warning' ? 'warn' : 'none'}>{event.summary.reason ?? event.name}</Status>
          <span>{event.summary.message}</span>
          <time className="dim" dateTime={event.seenAt}>
            {formatTime(event.seenAt, utc)}
          </time>
        </div>
      ))}
    </section>
  )
}
