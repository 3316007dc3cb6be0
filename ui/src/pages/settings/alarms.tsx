import { Button, SegmentedControl } from '@mantine/core'
import { type Alarm, accessRoutes } from '@panoptes/contract'
import { IconBell } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useAddress } from '../../address/index.ts'
import { formatAgo, formatCount } from '../../format/index.ts'
import { Empty, Status } from '../../parts/index.ts'
import { useCall, useChange, useMay } from '../../platform/index.ts'
import type { TableColumn } from '../../table/index.ts'
import { statusTone } from '../overview/prepare-overview.ts'
import { ListPage } from './list.tsx'

/** What needs somebody: copied keys, silent controllers, lost data. */
export function Alarms() {
  const { address, set } = useAddress()
  const may = useMay('record:write')
  const state = address.state === 'acknowledged' || address.state === 'all' ? address.state : 'open'
  const answer = useCall(accessRoutes.listAlarms, { query: { state, limit: 1_000 } }, { every: 10_000 })
  const { mutate } = useChange(accessRoutes.acknowledgeAlarm, [accessRoutes.listAlarms.operationId])
  const columns = useMemo((): TableColumn<Alarm>[] => {
    const now = Date.now()
    return [
      {
        id: 'severity',
        header: 'Severity',
        value: (a) => a.severity,
        cell: (a) => <Status tone={statusTone(a.severity)}>{a.severity}</Status>,
        width: 100,
        facet: true,
      },
      { id: 'last', header: 'Last', value: (a) => a.lastAt, cell: (a) => formatAgo(a.lastAt, now), width: 100 },
      { id: 'count', header: 'Times', value: (a) => a.count, cell: (a) => formatCount(a.count), align: 'right', width: 64 },
      { id: 'title', header: 'What', value: (a) => a.title, width: 220, grow: true },
      { id: 'detail', header: 'Detail', value: (a) => a.detail, cell: (a) => <span title={a.detail}>{a.detail}</span>, width: 260, grow: true },
      { id: 'target', header: 'About', value: (a) => a.target, width: 180, mono: true },
      { id: 'code', header: 'Code', value: (a) => a.code, width: 84, facet: true },
      {
        id: 'actions',
        header: 'Seen',
        value: (a) => a.acknowledgedBy,
        width: 130,
        cell: (a) =>
          a.acknowledgedAt ? (
            `by ${a.acknowledgedBy ?? '?'}`
          ) : may ? (
            <Button size="compact-xs" variant="default" onClick={() => mutate({ params: { id: a.id } })}>
              I have seen it
            </Button>
          ) : null,
      },
    ]
  }, [may, mutate])
  return (
    <ListPage
      title="Alarms"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="Which alarms"
          value={state}
          onChange={(value) => set({ state: value === 'open' ? undefined : value })}
          data={[
            { value: 'open', label: 'Open' },
            { value: 'acknowledged', label: 'Seen' },
            { value: 'all', label: 'All' },
          ]}
        />
      }
      answer={answer}
      rowsOf={(a) => a.alarms}
      columns={columns}
      rowKey={(a) => a.id}
      rowTone={(a) => (a.severity === 'critical' ? 'bad' : a.severity === 'warning' ? 'warn' : undefined)}
      empty={
        <Empty icon={<IconBell size={28} stroke={1.4} />} title="No alarm">
          A controller’s key used in two places, a controller that falls silent, data that had to be dropped: they are told here.
        </Empty>
      }
    />
  )
}
