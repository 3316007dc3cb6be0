import { useMemo } from 'react'
import { useAddress } from '../../address/index.ts'
import { type Gap, TimeChart } from '../../charts/index.ts'
import { formatCount } from '../../format/index.ts'
import { Card } from '../../parts/index.ts'
import classes from './completeness.module.css'
import { type Interval, stacked } from './prepare-completeness.ts'

const lines = [
  { label: 'Missed', color: '--series-4', kind: 'bars' },
  { label: 'Received', color: '--bar', kind: 'bars' },
] as const

interface Props {
  intervals: readonly Interval[]
  gaps: readonly Gap[]
  from: string
  to: string
  stepS: number
  utc: boolean
}

/** All sources together: received, and on top of it what is known to be missing. Holes are hatched. */
export function ChartCard({ intervals, gaps, from, to, utc }: Props) {
  const { set } = useAddress()
  const data = useMemo(() => stacked(intervals), [intervals])
  const holes = useMemo(
    () => [...gaps, ...intervals.filter((i) => i.state === 'unknown').map((i) => ({ from: i.from, to: i.to, reason: i.note, missed: i.missed }))],
    [gaps, intervals],
  )
  return (
    <Card
      title="Expected against received"
      aside={
        <div className={classes.key}>
          {(['complete', 'incomplete', 'unknown', 'pending'] as const).map((state) => (
            <span key={state}>
              <span className={classes.strip}>
                <i data-state={state} />
              </span>
              {state}
            </span>
          ))}
        </div>
      }
    >
      <TimeChart
        label="Expected against received"
        data={data}
        lines={lines}
        from={Date.parse(from) / 1000}
        to={Date.parse(to) / 1000}
        gaps={holes}
        unit={formatCount}
        utc={utc}
        height={150}
        legend={false}
        onSelect={(a, b) => set({ from: new Date(a).toISOString(), to: new Date(b).toISOString() })}
      />
    </Card>
  )
}
