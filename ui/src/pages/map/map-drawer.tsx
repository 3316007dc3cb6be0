import { ActionIcon, Button } from '@mantine/core'
import { IconArrowRight, IconListSearch, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Address, both, keptAddress, useAddress } from '../../address/index.ts'
import { formatBytes, formatDuration, formatRate, formatRatio } from '../../format/index.ts'
import type { About } from '../../graph/index.ts'
import { Side, Status, Waiting } from '../../parts/index.ts'
import classes from './map.module.css'
import { edgeQuery, nodeQuery } from './prepare-about.ts'
import { ServiceCharts } from './service-charts.tsx'
import type { MapState } from './use-map.ts'

/** A node or a connection beside the map: its numbers, its charts, and the accesses they were made from. */
export function MapDrawer({ map, onClose }: { map: MapState; onClose: () => void }) {
  const { address } = useAddress()
  const { node, edge } = address
  const opened = node !== undefined || edge !== undefined
  const about = useQuery({
    queryKey: ['map about', node, edge, map.picture?.asked.to],
    queryFn: () => map.client.about({ node, edge }),
    enabled: opened && map.picture !== undefined,
    placeholderData: (old, query) => (query?.queryKey[1] === node && query?.queryKey[2] === edge ? old : undefined),
  })
  return (
    <Side opened={opened} onClose={onClose} size={440} label={edge ? 'Connection' : 'Node'}>
      {about.data ? <Content about={about.data} onClose={onClose} /> : <Waiting what="the numbers" lines={10} />}
    </Side>
  )
}

function Content({ about, onClose }: { about: About; onClose: () => void }) {
  const { address } = useAddress()
  const { node, edge, ends, edges, names } = about
  const name = (id: string) => names[id] ?? id
  const query = edge && ends ? edgeQuery(ends.from, ends.to, edge.protocol) : node ? nodeQuery(node) : ''
  const incoming = edges.filter((e) => e.to === address.node)
  const outgoing = edges.filter((e) => e.from === address.node && e.to !== address.node)
  return (
    <div className={classes.about}>
      <div className={classes.aboutHead}>
        <h2>
          {edge ? (
            <>
              {name(edge.from)} <IconArrowRight size={14} aria-label="to" /> {name(edge.to)}
            </>
          ) : (
            (node?.name ?? 'Not in this window')
          )}
        </h2>
        <ActionIcon variant="subtle" color="gray" onClick={onClose} aria-label="Close">
          <IconX size={16} />
        </ActionIcon>
      </div>
      {node && (
        <div className="dim">
          {node.kind === 'external' ? 'outside the mesh' : [node.cluster, node.namespace, node.version].filter(Boolean).join(' › ')}
          {node.origin === 'demo' && ' · demo'}
        </div>
      )}
      {query && (
        <Button
          component={Link}
          to="/record"
          search={((now: Address) => ({ ...keptAddress(now), q: both(now.q, query) })) as never}
          size="xs"
          leftSection={<IconListSearch size={14} />}
          w="fit-content"
        >
          Show these accesses
        </Button>
      )}
      {edge && <Numbers edge={edge} />}
      {query && <ServiceCharts query={query} />}
      {node && <Peers title="Called by" edges={incoming} end="from" name={name} />}
      {node && <Peers title="Calls" edges={outgoing} end="to" name={name} />}
      {edge && edge.services.length > 0 && (
        <div>
          <h3>Addressed as</h3>
          {edge.services.map((s) => (
            <div key={s}>
              <code>{s}</code>
            </div>
          ))}
        </div>
      )}
    </div>
  )
}

function Numbers({ edge }: { edge: About['edges'][number] }) {
  const failing = edge.errors / Math.max(1, edge.count)
  const rows: Record<string, ReactNode> = {
    Protocol: edge.protocol,
    Rate: formatRate(edge.rate),
    Errors: edge.errors > 0 ? <Status tone={failing >= 0.05 ? 'bad' : 'warn'}>{formatRatio(failing)}</Status> : '0 %',
    Denied: edge.denied,
    'p50 / p95 / p99': `${formatDuration(edge.p50Us)} / ${formatDuration(edge.p95Us)} / ${formatDuration(edge.p99Us)}`,
    'Mutual TLS': formatRatio(edge.mtlsRatio),
    Bytes: `${formatBytes(edge.reqBytes)} asked, ${formatBytes(edge.respBytes)} answered`,
  }
  return (
    <dl className={classes.numbers}>
      {Object.entries(rows).map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Peers({ title, edges, end, name }: { title: string; edges: About['edges']; end: 'from' | 'to'; name: (id: string) => string }) {
  const { set } = useAddress()
  if (edges.length === 0) return null
  return (
    <div>
      <h3>
        {title} <span className="dim">{edges.length}</span>
      </h3>
      {edges.slice(0, 12).map((e) => (
        <button key={e.id} type="button" className={classes.peer} onClick={() => set({ edge: e.id, node: undefined })}>
          <span>{name(e[end])}</span>
          <span className="dim">{e.protocol}</span>
          {e.errors > 0 ? <Status tone={e.errors / e.count >= 0.05 ? 'bad' : 'warn'}>{formatRatio(e.errors / e.count)}</Status> : <span />}
          <span>{formatRate(e.rate)}</span>
        </button>
      ))}
    </div>
  )
}
