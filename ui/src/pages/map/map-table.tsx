import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { useAddress } from '../../address/index.ts'
import { formatBytes, formatDuration, formatRate, formatRatio } from '../../format/index.ts'
import type { MapClient, MapEdge, Picture } from '../../graph/index.ts'
import { Status, Waiting } from '../../parts/index.ts'
import { DataTable, type TableColumn } from '../../table/index.ts'

type Row = MapEdge & { client: string; server: string; errorRatio: number }

const columns: TableColumn<Row>[] = [
  { id: 'client', header: 'Client', value: (r) => r.client, grow: true, width: 180 },
  { id: 'server', header: 'Server', value: (r) => r.server, grow: true, width: 180 },
  { id: 'protocol', header: 'Protocol', value: (r) => r.protocol, width: 90, facet: true },
  { id: 'rate', header: 'Rate', value: (r) => r.rate, cell: (r) => formatRate(r.rate), align: 'right', width: 90 },
  { id: 'count', header: 'Accesses', value: (r) => r.count, align: 'right', width: 100 },
  {
    id: 'errors',
    header: 'Errors',
    value: (r) => r.errorRatio,
    cell: (r) => (r.errors > 0 ? <Status tone={r.errorRatio >= 0.05 ? 'bad' : 'warn'}>{formatRatio(r.errorRatio)}</Status> : '0 %'),
    align: 'right',
    width: 96,
  },
  { id: 'denied', header: 'Denied', value: (r) => r.denied, align: 'right', width: 80 },
  { id: 'p50', header: 'p50', value: (r) => r.p50Us, cell: (r) => formatDuration(r.p50Us), align: 'right', width: 84 },
  { id: 'p95', header: 'p95', value: (r) => r.p95Us, cell: (r) => formatDuration(r.p95Us), align: 'right', width: 84 },
  { id: 'p99', header: 'p99', value: (r) => r.p99Us, cell: (r) => formatDuration(r.p99Us), align: 'right', width: 84 },
  { id: 'mtls', header: 'mTLS', value: (r) => r.mtlsRatio, cell: (r) => formatRatio(r.mtlsRatio), align: 'right', width: 84 },
  { id: 'sent', header: 'Requests', value: (r) => r.reqBytes, cell: (r) => formatBytes(r.reqBytes), align: 'right', width: 90, optional: true },
  { id: 'received', header: 'Answers', value: (r) => r.respBytes, cell: (r) => formatBytes(r.respBytes), align: 'right', width: 90, optional: true },
  { id: 'services', header: 'Services', value: (r) => r.services.join(' '), width: 200, optional: true },
]

/** The map as text: one row per connection. */
export function MapTable({ client, picture }: { client: MapClient; picture: Picture }) {
  const { address, set } = useAddress()
  const answer = useQuery({
    queryKey: ['map rows', picture.asked.to, picture.edges],
    queryFn: () => client.rows(),
    structuralSharing: false,
    placeholderData: (old) => old,
  })
  const rows = useMemo(() => {
    const names = new Map(answer.data?.nodes.map((n) => [n.id, n.namespace && n.kind !== 'external' ? `${n.namespace}/${n.name}` : n.name]))
    return (
      answer.data?.edges.map(
        (e): Row => ({ ...e, client: names.get(e.from) ?? e.from, server: names.get(e.to) ?? e.to, errorRatio: e.count ? e.errors / e.count : 0 }),
      ) ?? []
    )
  }, [answer.data])
  const open = useCallback((row: Row) => set({ edge: row.id, node: undefined }, { replace: true }), [set])
  if (!answer.data) return <Waiting what="connections" />
  return (
    <DataTable
      label="Connections"
      firstSort="-rate"
      rows={rows}
      columns={columns}
      rowKey={(r) => r.id}
      onOpen={open}
      openKey={address.edge ?? ''}
      rowTone={(r) => (r.errorRatio >= 0.05 ? 'bad' : undefined)}
    />
  )
}
