import { trafficRoutes } from '@panoptes/contract'
import { useMemo } from 'react'
import { clockOf, questionOf, useAddress } from '../../address/index.ts'
import { layOut, TimeChart } from '../../charts/index.ts'
import { formatCount } from '../../format/index.ts'
import { useCall } from '../../platform/index.ts'
import classes from './record.module.css'

const lines = [
  { label: 'Accesses', color: '--bar', kind: 'bars' },
  { label: 'Errors', color: '--series-4', kind: 'bars' },
] as const

/** When the matching accesses were; dragging over it chooses a window. */
export function Histogram() {
  const { address, set, utc } = useAddress()
  const series = useCall(trafficRoutes.getSeries, { query: questionOf(address) }, { every: clockOf(address) === 'live' && 10_000 })
  const answer = series.data
  const data = useMemo(
    () => answer && layOut(answer.series[0]?.points ?? [], { ...answer.asked, stepS: answer.stepS }, answer.gaps, [(p) => p.count, (p) => p.errors], 'count'),
    [answer],
  )
  if (!answer || !data) return <div className={classes.histogram} />
  return (
    <div className={classes.histogram}>
      <TimeChart
        label="Accesses over time"
        data={data}
        lines={lines}
        from={Date.parse(answer.asked.from) / 1000}
        to={Date.parse(answer.asked.to) / 1000}
        gaps={answer.gaps}
        unit={formatCount}
        utc={utc}
        height={108}
        legend={false}
        onSelect={(from, to) => set({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })}
      />
    </div>
  )
}
