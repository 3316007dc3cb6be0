import { type CompletenessState, trafficRoutes } from '@panoptes/contract'
import { IconActivity } from '@tabler/icons-react'
import { useMemo } from 'react'
import { clockOf, useAddress, windowOf } from '../../address/index.ts'
import { formatCount, formatRatio, formatTime } from '../../format/index.ts'
import { Card, Empty, Failure, Page, partClasses, Status, Waiting } from '../../parts/index.ts'
import { useCall } from '../../platform/index.ts'
import { DataTable, type TableColumn } from '../../table/index.ts'
import { ChartCard } from './chart-card.tsx'
import { oneCluster, type Source, sourceName, stateTone, stepFor } from './prepare-completeness.ts'
import { Strip } from './strip.tsx'

type GapRow = {
  from: string
  to: string
  cluster: string
  controller: string
  proxy: string
  stream: string
  reason: string
  missed: number | null
  detail: string
}

/** What the proxies say there was, against what the record holds: per source and interval. Unknown is said as unknown. */
export function CompletenessPage() {
  const { address, go, utc } = useAddress()
  const { from, to } = windowOf(address)
  const clusters = oneCluster(address)
  const stepS = stepFor(address, Date.now())
  const origin = address.origin === 'user' || address.origin === 'demo' ? address.origin : 'all'
  const answer = useCall(
    trafficRoutes.getCompleteness,
    { query: { from, to, stepS, origin, cluster: clusters } },
    { every: clockOf(address) === 'live' && 15_000 },
  )
  const columns = useMemo(
    (): TableColumn<Source>[] => [
      { id: 'source', header: 'Source', value: sourceName, grow: true, width: 200, cell: (s) => <span title={s.proxy}>{sourceName(s)}</span> },
      { id: 'cluster', header: 'Cluster', value: (s) => s.cluster, width: 100, facet: true },
      { id: 'kind', header: 'Kind', value: (s) => s.kind, width: 64, facet: true },
      { id: 'intervals', header: 'Intervals', value: () => '', width: 220, fixed: true, cell: (s) => <Strip intervals={s.intervals} utc={utc} /> },
      {
        id: 'expected',
        header: 'Expected',
        value: (s) => s.total.expected,
        align: 'right',
        width: 92,
        cell: (s) => (s.total.expected === null ? 'unknown' : formatCount(s.total.expected)),
      },
      { id: 'received', header: 'Received', value: (s) => s.total.received, align: 'right', width: 92, cell: (s) => formatCount(s.total.received) },
      {
        id: 'missed',
        header: 'Missed',
        value: (s) => s.total.missed,
        align: 'right',
        width: 92,
        cell: (s) => (s.total.missed === null ? 'unknown' : formatCount(s.total.missed)),
      },
      {
        id: 'state',
        header: 'State',
        value: (s) => s.total.state,
        width: 130,
        facet: true,
        cell: (s) => (
          <Status tone={stateTone(s.total.state)}>{s.total.state === 'incomplete' ? formatRatio(s.total.ratio) : s.total.state.replace('-', ' ')}</Status>
        ),
      },
    ],
    [utc],
  )
  const gapColumns = useMemo(
    (): TableColumn<GapRow>[] => [
      { id: 'from', header: 'From', value: (g) => g.from, cell: (g) => formatTime(g.from, utc), width: 150 },
      { id: 'to', header: 'To', value: (g) => g.to, cell: (g) => formatTime(g.to, utc).slice(11), width: 80 },
      { id: 'reason', header: 'Reason', value: (g) => g.reason, width: 130, facet: true },
      {
        id: 'missed',
        header: 'Missed',
        value: (g) => g.missed,
        cell: (g) => (g.missed === null ? 'unknown' : formatCount(g.missed)),
        align: 'right',
        width: 80,
      },
      { id: 'detail', header: 'What happened', value: (g) => g.detail, grow: true, width: 240 },
      { id: 'cluster', header: 'Cluster', value: (g) => g.cluster, width: 110 },
      { id: 'stream', header: 'Stream', value: (g) => g.stream, width: 90, optional: true },
      { id: 'proxy', header: 'Proxy', value: (g) => g.proxy, width: 220, optional: true },
    ],
    [utc],
  )
  if (answer.error && !answer.data) {
    return (
      <Page title="Completeness">
        <Failure error={answer.error} retry={() => void answer.refetch()} />
      </Page>
    )
  }
  if (!answer.data) {
    return (
      <Page title="Completeness">
        <Waiting what="completeness" lines={12} />
      </Page>
    )
  }
  const { total, intervals, sources, gaps } = answer.data
  const none = (
    <Empty icon={<IconActivity size={28} stroke={1.4} />} title="No source reported in this window">
      Proxies send their own counters through Envoy’s Metrics Service; they are held against the accesses received. Without counters a source is unknown, never
      100 %.
    </Empty>
  )
  return (
    <Page title="Completeness">
      <div className={partClasses.tiles}>
        <Fact label="Whole window" value={total.ratio === null ? total.state.replace('-', ' ') : formatRatio(total.ratio)} state={total.state} />
        <Fact label="Expected by the proxies" value={total.expected === null ? 'unknown' : formatCount(total.expected)} />
        <Fact label="Received" value={formatCount(total.received)} />
        <Fact label="Missed" value={total.missed === null ? 'unknown' : formatCount(total.missed)} state={total.missed ? 'incomplete' : undefined} />
        <Fact label="Sources with counters" value={`${formatCount(total.sourcesKnown)} of ${formatCount(total.sourcesKnown + total.sourcesUnknown)}`} />
      </div>
      <ChartCard intervals={intervals} gaps={gaps} from={answer.data.from} to={answer.data.to} stepS={stepS} utc={utc} />
      <Card flush>
        <div style={{ display: 'flex', height: Math.min(560, 130 + sources.length * 32) }}>
          <DataTable
            label="Sources"
            rows={sources}
            columns={columns}
            rowKey={(s) => `${s.controller}/${s.proxy}/${s.kind}`}
            onOpen={(s) => go('/record', { q: `proxy="${s.proxy}"` })}
            empty={none}
            rowTone={(s) => (s.total.state === 'incomplete' ? 'bad' : undefined)}
          />
        </div>
      </Card>
      {gaps.length > 0 && (
        <Card flush>
          <div style={{ display: 'flex', height: Math.min(420, 130 + gaps.length * 32) }}>
            <DataTable label="Known holes" rows={gaps} columns={gapColumns} rowKey={(g) => `${g.from}${g.controller}${g.proxy}${g.reason}${g.stream}`} />
          </div>
        </Card>
      )}
    </Page>
  )
}

function Fact({ label, value, state }: { label: string; value: string; state?: CompletenessState | undefined }) {
  return (
    <div className={partClasses.tile}>
      <span className={partClasses.tileLabel}>{label}</span>
      <span className={partClasses.tileValue}>{value}</span>
      {state && (
        <span>
          <Status tone={stateTone(state)}>{state.replace('-', ' ')}</Status>
        </span>
      )}
    </div>
  )
}
