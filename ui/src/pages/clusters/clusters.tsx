import { Button, SegmentedControl } from '@mantine/core'
import { type Cluster, clusterRoutes } from '@panoptes/contract'
import { IconPlus, IconTopologyStar } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useAddress } from '../../address/index.ts'
import { formatAgo, formatRatio } from '../../format/index.ts'
import { Card, Empty, Failure, Page, Status, Waiting } from '../../parts/index.ts'
import { useCall, useMay } from '../../platform/index.ts'
import { DataTable, type TableColumn } from '../../table/index.ts'
import { AddCluster } from './add-cluster.tsx'
import { ClusterCard } from './card.tsx'
import { ClusterSide } from './cluster-side.tsx'
import classes from './clusters.module.css'
import { coveredShare, inOrder, orchestrationNames, stateTones } from './prepare-clusters.ts'

/** Clusters as cards or as a table: how each is connected, how it is, and how much of it the mesh sees. */
export function ClustersPage() {
  const { address, set } = useAddress()
  const may = useMay('settings:write')
  const origin = address.origin === 'user' || address.origin === 'demo' ? address.origin : 'all'
  const answer = useCall(clusterRoutes.listClusters, { query: { origin, limit: 1_000 } }, { every: 3_000 })
  const adding = address.view === 'add'
  const table = address.view === 'table'
  const clusters = useMemo(() => inOrder(answer.data?.clusters ?? []), [answer.data])
  const opened = clusters.find((cluster) => cluster.name === address.open)
  const add = () => set({ view: 'add', open: undefined })
  return (
    <Page
      title={adding ? 'Add a cluster' : 'Clusters'}
      aside={
        adding ? (
          <Button size="xs" variant="default" onClick={() => set({ view: undefined, open: undefined })}>
            All clusters
          </Button>
        ) : (
          <>
            <SegmentedControl
              size="xs"
              aria-label="View"
              value={table ? 'table' : 'cards'}
              onChange={(view) => set({ view: view === 'table' ? view : undefined })}
              data={[
                { value: 'cards', label: 'Cards' },
                { value: 'table', label: 'Table' },
              ]}
            />
            {may && (
              <Button size="xs" leftSection={<IconPlus size={14} />} onClick={add}>
                Add a cluster
              </Button>
            )}
          </>
        )
      }
    >
      {answer.error && !answer.data && <Failure error={answer.error} retry={() => void answer.refetch()} />}
      {!answer.data && !answer.error && <Waiting what="clusters" lines={8} />}
      {answer.data && adding && <AddCluster known={opened} key={address.open ?? ''} />}
      {answer.data && !adding && clusters.length === 0 && (
        <Empty icon={<IconTopologyStar size={28} stroke={1.4} />} title="No cluster yet">
          A cluster is connected by one pod, or by a kubeconfig alone.{' '}
          <Button size="compact-xs" onClick={add}>
            Add a cluster
          </Button>
        </Empty>
      )}
      {answer.data && !adding && !table && clusters.length > 0 && (
        <div className={classes.cards}>
          {clusters.map((cluster) => (
            <ClusterCard key={cluster.name} cluster={cluster} opened={cluster === opened} onOpen={() => set({ open: cluster.name }, { replace: true })} />
          ))}
        </div>
      )}
      {answer.data && table && <ClusterTable clusters={clusters} />}
      <ClusterSide cluster={opened} opened={!adding && address.open !== undefined} onClose={() => set({ open: undefined })} />
    </Page>
  )
}

function ClusterTable({ clusters }: { clusters: readonly Cluster[] }) {
  const { address, set } = useAddress()
  const columns = useMemo(
    (): TableColumn<Cluster>[] => [
      { id: 'state', header: 'State', value: (c) => c.state, cell: (c) => <Status tone={stateTones[c.state]}>{c.state}</Status>, width: 136, facet: true },
      { id: 'name', header: 'Name', value: (c) => c.name, width: 120, grow: true },
      { id: 'cause', header: 'Cause', value: (c) => c.problems[0]?.detail ?? '', width: 160, grow: true },
      { id: 'environment', header: 'Environment', value: (c) => c.options.environment, width: 104, facet: true },
      { id: 'orchestration', header: 'Runs on', value: (c) => orchestrationNames[c.options.orchestration], width: 104, facet: true },
      { id: 'kubernetes', header: 'Kubernetes', value: (c) => c.kubernetes, width: 92, optional: true, facet: true },
      { id: 'connection', header: 'Connected by', value: (c) => c.connection, width: 116, facet: true },
      { id: 'controller', header: 'Controller', value: (c) => c.controllerVersion, width: 84, facet: true },
      { id: 'pods', header: 'Pods', value: (c) => c.coverage?.pods ?? -1, cell: (c) => c.coverage?.pods ?? '–', align: 'right', width: 60 },
      {
        id: 'covered',
        header: 'In the mesh',
        value: (c) => coveredShare(c.coverage) ?? -1,
        cell: (c) => (coveredShare(c.coverage) === null ? '–' : formatRatio(coveredShare(c.coverage))),
        align: 'right',
        width: 104,
      },
      { id: 'contact', header: 'Last contact', value: (c) => c.lastContactAt ?? '', cell: (c) => formatAgo(c.lastContactAt, Date.now()), width: 104 },
      { id: 'labels', header: 'Labels', value: (c) => Object.entries(c.options.labels).join(', ').replaceAll(',', '='), width: 160, optional: true },
      { id: 'uid', header: 'Identity', value: (c) => c.uid, width: 260, mono: true, optional: true },
      { id: 'origin', header: 'Origin', value: (c) => c.origin, width: 72, facet: true },
    ],
    [],
  )
  return (
    <Card flush>
      <div style={{ display: 'flex', height: 'max(360px, calc(100dvh - 170px))' }}>
        <DataTable
          label="Clusters"
          rows={clusters}
          columns={columns}
          rowKey={(c) => c.name}
          onOpen={(c) => set({ open: c.name }, { replace: true })}
          openKey={address.open ?? ''}
          rowTone={(c) => (c.state === 'inactive' ? 'bad' : c.state === 'degraded' ? 'warn' : undefined)}
          empty={<Empty title="No cluster yet">“Add a cluster” defines one.</Empty>}
        />
      </div>
    </Card>
  )
}
