import { Button, SegmentedControl } from '@mantine/core'
import { systemRoutes } from '@panoptes/contract'
import { IconPlugConnected } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useAddress } from '../../address/index.ts'
import { formatAgo, formatCount, formatRate } from '../../format/index.ts'
import { Card, Empty, Failure, Page, Status, Waiting } from '../../parts/index.ts'
import { useCall } from '../../platform/index.ts'
import { DataTable, type TableColumn } from '../../table/index.ts'
import { Connect } from './connect.tsx'
import { errorCount, type Source, sourceTitle, sourceTone } from './prepare-sources.ts'
import { SourceSide } from './source-side.tsx'

/** What reports, how much, and why something does not: the answer to "why do I see nothing?". */
export function SourcesPage() {
  const { address, set } = useAddress()
  const origin = address.origin === 'user' || address.origin === 'demo' ? address.origin : 'all'
  const answer = useCall(systemRoutes.listSources, { query: { origin, limit: 1_000 } }, { every: 5_000 })
  const now = Date.now()
  const columns = useMemo(
    (): TableColumn<Source>[] => [
      { id: 'state', header: 'State', value: (s) => s.state, cell: (s) => <Status tone={sourceTone(s.state)}>{s.state}</Status>, width: 92, facet: true },
      { id: 'workload', header: 'Source', value: sourceTitle, width: 180, grow: true },
      { id: 'namespace', header: 'Namespace', value: (s) => s.namespace, width: 120, facet: true },
      { id: 'cluster', header: 'Cluster', value: (s) => s.cluster, width: 110, facet: true },
      { id: 'rate', header: 'Rate', value: (s) => s.entriesPerSecond, cell: (s) => formatRate(s.entriesPerSecond), align: 'right', width: 84 },
      { id: 'entries', header: 'Entries', value: (s) => s.entries, cell: (s) => formatCount(s.entries), align: 'right', width: 84 },
      { id: 'last', header: 'Last message', value: (s) => s.lastAt ?? '', cell: (s) => formatAgo(s.lastAt, now), width: 110 },
      {
        id: 'errors',
        header: 'Errors',
        value: errorCount,
        cell: (s) => (errorCount(s) ? <Status tone="bad">{formatCount(errorCount(s))}</Status> : '0'),
        align: 'right',
        width: 76,
      },
      { id: 'diagnosis', header: 'Diagnosis', value: (s) => s.diagnosis.text, width: 240, grow: true },
      { id: 'speaks', header: 'Speaks', value: (s) => s.kind, width: 76, facet: true },
      { id: 'auth', header: 'mTLS', value: (s) => (s.authenticated ? 'proved' : 'no'), width: 72, optional: true },
      { id: 'version', header: 'Envoy', value: (s) => s.version, width: 90, optional: true },
      { id: 'type', header: 'Kind', value: (s) => s.proxyType, width: 80, facet: true, optional: true },
      { id: 'pod', header: 'Pod', value: (s) => s.pod, width: 200, optional: true },
      { id: 'controller', header: 'Controller', value: (s) => s.controller, width: 140, optional: true },
      { id: 'proxy', header: 'Proxy', value: (s) => s.proxy, width: 260, mono: true, optional: true },
      { id: 'origin', header: 'Origin', value: (s) => s.origin, width: 70, facet: true },
    ],
    [now],
  )
  const connect = address.view === 'connect'
  const sources = answer.data?.sources ?? []
  const mine = sources.some((s) => s.origin === 'user')
  return (
    <Page
      title="Sources"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="View"
          value={connect ? 'connect' : 'sources'}
          onChange={(view) => set({ view: view === 'connect' ? view : undefined })}
          data={[
            { value: 'sources', label: 'What reports' },
            { value: 'connect', label: 'Connect' },
          ]}
        />
      }
    >
      {connect && <Connect />}
      {!connect && answer.error && !answer.data && <Failure error={answer.error} retry={() => void answer.refetch()} />}
      {!connect && !answer.data && !answer.error && <Waiting what="sources" lines={12} />}
      {!connect && answer.data && (
        <>
          <Card>
            <strong>{answer.data.diagnosis.text}</strong>
            <div className="dim">{answer.data.diagnosis.hint}</div>
            {!mine && (
              <Button size="xs" mt={10} leftSection={<IconPlugConnected size={14} />} onClick={() => set({ view: 'connect' })}>
                Connect an Envoy or a mesh
              </Button>
            )}
          </Card>
          <Card flush>
            <div style={{ display: 'flex', height: 'max(360px, calc(100dvh - 260px))' }}>
              <DataTable
                label="Sources"
                rows={sources}
                columns={columns}
                rowKey={(s) => s.id}
                onOpen={(s) => set({ open: s.id }, { replace: true })}
                openKey={address.open ?? ''}
                rowTone={(s) => (s.state === 'failing' ? 'bad' : s.state === 'silent' ? 'warn' : undefined)}
                empty={
                  <Empty icon={<IconPlugConnected size={28} stroke={1.4} />} title="Nothing reports yet">
                    Every proxy that sends its access log appears here, with its rate, its errors and what hinders it.
                  </Empty>
                }
              />
            </div>
          </Card>
        </>
      )}
      <SourceSide
        source={sources.find((s) => s.id === address.open)}
        opened={!connect && address.open !== undefined}
        onClose={() => set({ open: undefined })}
      />
    </Page>
  )
}
