import { inventoryRoutes, type KubeObjectRow } from '@panoptes/contract'
import { client } from '../../platform/index.ts'
import type { TableColumn } from '../../table/index.ts'
import { column, stateColumn, timeColumn } from './columns.tsx'
import type { Ask, Clock, Noun } from './noun.ts'
import { ObjectSide, placeOfObject } from './object-side.tsx'
import { objectState } from './prepare-inventory.ts'
import { pageSize } from './use-rows.ts'

type Columns = TableColumn<KubeObjectRow>[]
const text = (id: string, header: string, value: (o: KubeObjectRow) => string | number | null | undefined, more = {}) =>
  column<KubeObjectRow>(id, header, value, more)

const name = (header: string) => text('name', header, (o) => o.name, { width: 200, grow: true })
const namespace = text('namespace', 'Namespace', (o) => o.namespace, { width: 120, facet: true })
const kind = text('kind', 'Kind', (o) => o.kind, { width: 130, facet: true })
const state = stateColumn(objectState)
const node = text('node', 'Node', (o) => o.summary.node, { width: 110, facet: true })
const restarts = text('restarts', 'Restarts', (o) => o.summary.restarts ?? 0, { align: 'right', width: 76 })
/** How many are ready of how many there should be; sorts by what is missing. */
const ready = (of: (o: KubeObjectRow) => number | undefined): TableColumn<KubeObjectRow> => ({
  id: 'ready',
  header: 'Ready',
  value: (o) => `${o.summary.ready ?? 0}/${of(o) ?? '–'}`,
  width: 64,
})
/** What every object has. */
const common = (clock: Clock): Columns => [
  text('cluster', 'Cluster', (o) => o.cluster, { width: 110, facet: true }),
  timeColumn('created', 'Created', (o) => o.createdAt, clock),
  timeColumn('seen', 'Last change', (o) => o.seenAt, clock, { optional: true }),
  text('version', 'Version', (o) => o.resourceVersion, { align: 'right', width: 90, optional: true }),
  text(
    'labels',
    'Labels',
    (o) =>
      Object.entries(o.summary.labels ?? {})
        .map((pair) => pair.join('='))
        .join(' '),
    { width: 260, optional: true },
  ),
  text('uid', 'UID', (o) => o.uid, { width: 280, mono: true, optional: true }),
]

interface ObjectNoun {
  title: string
  what: string
  /** With commas between; none: that of the address. */
  kinds?: string
  columns: (clock: Clock) => Columns
  firstSort?: string
}

function ofObjects({ kinds, ...rest }: ObjectNoun): Noun<KubeObjectRow> {
  const scope = ({ environment, cluster, namespace: ns, origin, kind: asked }: Ask) => ({
    ...{ environment, cluster, namespace: ns, origin },
    kind: kinds ?? asked,
  })
  return {
    ...rest,
    keyOf: (o) => o.uid,
    placeOf: placeOfObject,
    tone: (o) => {
      const { tone } = objectState(o)
      return tone === 'bad' || tone === 'warn' ? tone : undefined
    },
    async page(ask, cursor, signal) {
      const { objects, ...answer } = await client.call(inventoryRoutes.listObjects, { query: { ...scope(ask), at: ask.at, limit: pageSize, cursor }, signal })
      return { ...answer, rows: objects }
    },
    async compare(ask, moments, signal) {
      const { differences, counts } = await client.call(inventoryRoutes.compareInventory, { query: { ...scope(ask), ...moments, limit: 10_000 }, signal })
      return { counts, rows: differences.map(({ change, before, after }) => ({ change, row: (after ?? before)! })) }
    },
    Side: ObjectSide,
    empty: 'Connect a cluster under Clusters, or choose another moment or scope above.',
  }
}

export const pods = ofObjects({
  title: 'Pods',
  what: 'pods',
  kinds: 'Pod',
  columns: (clock) => [
    state,
    namespace,
    name('Pod'),
    ready((o) => o.summary.containers),
    restarts,
    text('workload', 'Workload', (o) => o.workload.name, { width: 116, facet: true }),
    node,
    text('ip', 'Address', (o) => o.summary.ips?.join(' '), { width: 112, mono: true }),
    text('images', 'Images', (o) => o.summary.images?.join(' '), { width: 240, optional: true }),
    text('sa', 'Service account', (o) => o.summary.serviceAccount, { width: 130, optional: true }),
    ...common(clock),
  ],
})

export const nodes = ofObjects({
  title: 'Nodes',
  what: 'nodes',
  kinds: 'Node',
  columns: (clock) => [
    state,
    name('Node'),
    text('zone', 'Zone', (o) => o.summary.zone, { width: 120, facet: true }),
    text('addresses', 'Addresses', (o) => [...(o.summary.ips ?? []), ...(o.summary.addresses ?? [])].join(' '), { width: 150, mono: true }),
    text('kubelet', 'Kubelet', (o) => o.summary.kubelet, { width: 110, facet: true }),
    text('runtime', 'Runtime', (o) => o.summary.runtime, { width: 150, facet: true }),
    ...common(clock),
  ],
})

export const namespaces = ofObjects({
  title: 'Namespaces',
  what: 'namespaces',
  kinds: 'Namespace',
  columns: (clock) => [state, name('Namespace'), ...common(clock).map((c) => (c.id === 'labels' ? { ...c, optional: false, grow: true } : c))],
})

export const services = ofObjects({
  title: 'Services',
  what: 'services',
  kinds: 'Service',
  columns: (clock) => [
    namespace,
    name('Service'),
    text('type', 'Type', (o) => o.summary.type, { width: 110, facet: true }),
    text('addresses', 'Addresses', (o) => o.summary.clusterIps?.join(' '), { width: 130, mono: true }),
    text('ports', 'Ports', (o) => o.summary.ports?.map(({ port, protocol }) => `${port}/${protocol}`).join(' '), { width: 150 }),
    text(
      'selector',
      'Selector',
      (o) =>
        Object.entries(o.summary.selector ?? {})
          .map((pair) => pair.join('='))
          .join(' '),
      { width: 180, grow: true },
    ),
    ...common(clock),
  ],
})

export const gateways = ofObjects({
  title: 'Gateways',
  what: 'gateways and routes',
  kinds: 'Ingress,Gateway,HTTPRoute,GRPCRoute,TLSRoute,TCPRoute,VirtualService,DestinationRule,ServiceEntry',
  columns: (clock) => [kind, namespace, name('Name'), text('group', 'API group', (o) => o.group, { width: 210, facet: true }), ...common(clock)],
})

export const objects = ofObjects({
  title: 'All objects',
  what: 'objects',
  columns: (clock) => [
    kind,
    text('group', 'API group', (o) => o.group, { width: 180, facet: true }),
    namespace,
    name('Name'),
    { ...state, width: 140 },
    text('owner', 'Owner', (o) => o.owner && `${o.owner.kind} ${o.owner.name}`, { width: 160 }),
    ...common(clock),
  ],
})
