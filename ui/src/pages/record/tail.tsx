import type { Access } from '@panoptes/contract'
import { IconBroadcast } from '@tabler/icons-react'
import { useCallback, useMemo, useState } from 'react'
import { useAddress } from '../../address/index.ts'
import { formatCount } from '../../format/index.ts'
import { Empty, Failure, Status } from '../../parts/index.ts'
import { DataTable } from '../../table/index.ts'
import { toneOf } from './prepare-access.ts'
import { accessTableColumns, fieldsFor } from './prepare-columns.tsx'
import classes from './record.module.css'
import { useTail } from './use-tail.ts'

/** Accesses as they arrive, newest on top; pausing holds the picture still while counting goes on. */
export function Tail({ shown, onOpen }: { shown: readonly string[]; onOpen: (id: string) => void }) {
  const { address, utc } = useAddress()
  const [paused, setPaused] = useState(false)
  const tail = useTail(address, fieldsFor(shown), paused)
  const columns = useMemo(() => accessTableColumns(utc), [utc])
  const open = useCallback((row: Access) => onOpen(row.id), [onOpen])
  return (
    <div className={classes.results}>
      {tail.error !== undefined && <Failure error={tail.error} />}
      <DataTable
        label="Live accesses"
        rows={tail.rows}
        columns={columns}
        shown={shown}
        rowKey={(row) => row.id}
        onOpen={open}
        openKey={address.open ?? ''}
        served
        rowTone={toneOf}
        tools={
          <>
            <Status tone={tail.state === 'open' ? 'ok' : 'warn'}>{paused ? 'paused' : tail.state === 'open' ? 'live' : 'connecting'}</Status>
            <button type="button" className={classes.order} onClick={() => setPaused((p) => !p)}>
              {paused ? 'Go on' : 'Pause'}
            </button>
            <span className="dim" role="status">
              {formatCount(tail.seen)} seen, the newest {formatCount(tail.rows.length)} shown
            </span>
            {tail.missed > 0 && <Status tone="warn">{formatCount(tail.missed)} left out here: too fast to show. They are in the record.</Status>}
          </>
        }
        empty={
          <Empty icon={<IconBroadcast size={28} stroke={1.4} />} title="Waiting for the next access">
            Each access appears here as it arrives. The query above filters what is shown.
          </Empty>
        }
      />
    </div>
  )
}
