import { type ContainerLifeRow, type ImageRow, inventoryRoutes, type WorkloadRow } from '@panoptes/contract'
import type { z } from 'zod'
import { formatSpan } from '../../format/index.ts'
import { client } from '../../platform/index.ts'
import type { TableColumn } from '../../table/index.ts'
import { column, stateColumn, timeColumn } from './columns.tsx'
import type { Ask, Clock, Noun } from './noun.ts'
import { lifeState, shortDigest, shortImage } from './prepare-inventory.ts'
import { ContainerSide, ImageSide, WorkloadSide } from './running-sides.tsx'
import { comparing, pageSize } from './use-rows.ts'

type Image = z.infer<typeof ImageRow>
const scope = ({ at, environment, cluster, namespace, origin }: Ask) => ({ at, environment, cluster, namespace, origin, limit: pageSize })

const keyOfWorkload = (w: WorkloadRow) => `${w.cluster}/${w.namespace}/${w.kind}/${w.name}`
const pageOfWorkloads: Noun<WorkloadRow>['page'] = async (ask, cursor, signal) => {
  const { workloads: rows, ...answer } = await client.call(inventoryRoutes.listWorkloads, { query: { ...scope(ask), cursor }, signal })
  return { ...answer, rows }
}

export const workloads: Noun<WorkloadRow> = {
  title: 'Workloads',
  what: 'workloads',
  columns: (clock) => [
    stateColumn<WorkloadRow>(stateOfWorkload, { width: 112 }),
    column('namespace', 'Namespace', (w) => w.namespace, { width: 120, facet: true }),
    column('name', 'Workload', (w) => w.name, { width: 170, grow: true }),
    column('kind', 'Kind', (w) => w.kind, { width: 110, facet: true }),
    column('pods', 'Pods', (w) => w.pods, { cell: (w) => `${w.running}/${w.pods}`, align: 'right', width: 76 }),
    column('replicas', 'Wanted', (w) => w.replicas, { cell: (w) => w.replicas ?? '–', align: 'right', width: 72 }),
    column('restarts', 'Restarts', (w) => w.restarts, { align: 'right', width: 76 }),
    column('images', 'Images', (w) => w.images.join(' '), {
      cell: (w) => <span title={w.images.join('\n')}>{w.images.map(shortImage).join(', ')}</span>,
      width: 180,
    }),
    column('nodes', 'Nodes', (w) => w.nodes, { align: 'right', width: 64, optional: true }),
    column('cluster', 'Cluster', (w) => w.cluster, { width: 110, facet: true }),
    timeColumn('created', 'Created', (w) => w.createdAt, clock),
  ],
  keyOf: keyOfWorkload,
  placeOf: ({ cluster, namespace, name }) => ({ cluster, namespace, workload: name }),
  tone: (w) => (stateOfWorkload(w).tone === 'warn' ? 'warn' : undefined),
  page: pageOfWorkloads,
  compare: comparing(pageOfWorkloads, keyOfWorkload, (w) => `${w.uid} ${w.replicas} ${w.images}`),
  Side: WorkloadSide,
  empty: 'Connect a cluster under Clusters, or choose another moment or scope above.',
}

function stateOfWorkload({ pods, running, replicas }: WorkloadRow) {
  if (replicas === 0 || (pods === 0 && replicas === null)) return { words: 'idle', tone: 'none' as const }
  return running < Math.max(pods, replicas ?? 0) ? { words: 'not all run', tone: 'warn' as const } : { words: 'running', tone: 'ok' as const }
}

const pageOfContainers: Noun<ContainerLifeRow>['page'] = async (ask, cursor, signal) => {
  const window = ask.from ? { from: ask.from, to: ask.at } : {}
  const { containers: rows, ...answer } = await client.call(inventoryRoutes.listContainers, { query: { ...scope(ask), ...window, cursor }, signal })
  return { ...answer, rows }
}
const lived = ({ startedAt, finishedAt }: ContainerLifeRow, { nowMs }: Clock) =>
  startedAt ? Math.max(0, (finishedAt ? Date.parse(finishedAt) : nowMs) - Date.parse(startedAt)) : null

export const containers: Noun<ContainerLifeRow> = {
  title: 'Containers',
  what: 'containers',
  columns: (clock): TableColumn<ContainerLifeRow>[] => [
    stateColumn(lifeState),
    column('container', 'Container', (c) => c.container, { width: 104, grow: true }),
    column('namespace', 'Namespace', (c) => c.namespace, { width: 98, facet: true }),
    column('pod', 'Pod', (c) => c.pod, { width: 140, grow: true }),
    column('exit', 'Exit', (c) => c.exitCode, { cell: (c) => c.exitCode ?? '–', align: 'right', width: 58 }),
    column('lives', 'Life', (c) => c.ordinal + 1, { align: 'right', width: 56 }),
    timeColumn('started', 'Started', (c) => c.startedAt, clock),
    timeColumn('ended', 'Ended', (c) => c.finishedAt, clock),
    column('lived', 'Lived', (c) => lived(c, clock), {
      cell: (c) => (lived(c, clock) === null ? '–' : formatSpan(lived(c, clock)!)),
      align: 'right',
      width: 82,
    }),
    column('image', 'Image', (c) => c.image, {
      cell: (c) => (
        <span title={`${c.image}\n${c.imageDigest}`}>
          {shortImage(c.image)} <code className="dim">{shortDigest(c.imageDigest)}</code>
        </span>
      ),
      width: 200,
    }),
    column('digest', 'Digest', (c) => c.imageDigest, { width: 280, mono: true, optional: true }),
    column('node', 'Node', (c) => c.node, { width: 90, facet: true, optional: true }),
    column('workload', 'Workload', (c) => c.workload, { width: 130, facet: true, optional: true }),
    column('cluster', 'Cluster', (c) => c.cluster, { width: 84, facet: true }),
    column('kind', 'Kind', (c) => c.kind, { width: 80, facet: true, optional: true }),
    column('reason', 'Reason', (c) => c.reason, { width: 110, optional: true }),
    column('how', 'Known by', (c) => c.how, { width: 90, optional: true }),
    column('sa', 'Service account', (c) => c.serviceAccount, { width: 130, optional: true }),
    column('spiffe', 'SPIFFE id', (c) => c.spiffe, { width: 280, mono: true, optional: true }),
    column('id', 'Container id', (c) => c.containerId, { width: 280, mono: true, optional: true }),
  ],
  keyOf: (c) => `${c.podUid}/${c.container}/${c.containerId}`,
  placeOf: ({ cluster, namespace, workload, pod }) => ({ cluster, namespace, workload, pod }),
  tone: (c) => (lifeState(c).tone === 'bad' ? 'bad' : undefined),
  page: pageOfContainers,
  compare: comparing(
    pageOfContainers,
    (c) => `${c.podUid}/${c.container}`,
    (c) => `${c.containerId} ${c.state} ${c.imageDigest}`,
  ),
  Side: ContainerSide,
  empty: 'What has ended is among the lives of the last hour or day: choose them above the table.',
}

const keyOfImage = ({ digest, images }: Image) => digest || (images[0] ?? '')
const pageOfImages: Noun<Image>['page'] = async (ask, cursor, signal) => {
  const { images: rows, ...answer } = await client.call(inventoryRoutes.listImages, { query: { ...scope(ask), cursor }, signal })
  return { ...answer, rows }
}

export const images: Noun<Image> = {
  title: 'Images',
  what: 'images',
  columns: (clock) => [
    column('images', 'Image', (i) => i.images.join(' '), { width: 260, grow: true }),
    column('digest', 'Digest that ran', (i) => i.digest, {
      cell: (i) => <span title={i.digest}>{shortDigest(i.digest) || 'none told'}</span>,
      width: 130,
      mono: true,
    }),
    column('containers', 'Containers', (i) => i.containers, { align: 'right', width: 92 }),
    column('pods', 'Pods', (i) => i.pods, { align: 'right', width: 72 }),
    column('workloads', 'Workloads', (i) => i.workloads, { align: 'right', width: 88 }),
    column('clusters', 'Clusters', (i) => i.clusters.join(', '), { width: 160, facet: true }),
    timeColumn('started', 'First started', (i) => i.firstStartedAt, clock, { width: 104 }),
  ],
  firstSort: '-containers',
  keyOf: keyOfImage,
  placeOf: () => ({}),
  tone: (i) => (i.digest ? undefined : 'warn'),
  page: pageOfImages,
  compare: comparing(pageOfImages, keyOfImage, (i) => `${i.containers} ${i.images}`),
  Side: ImageSide,
  empty: 'Images stand here by the digest that really ran, once a container of theirs runs.',
}
