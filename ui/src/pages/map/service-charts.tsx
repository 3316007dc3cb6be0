import { trafficRoutes } from '@panoptes/contract'
import { useMemo } from 'react'
import { clockOf, questionOf, useAddress } from '../../address/index.ts'
import { layOut, perSecond, TimeChart } from '../../charts/index.ts'
import { formatDuration, formatRate } from '../../format/index.ts'
import { Failure, Waiting } from '../../parts/index.ts'
import { useCall } from '../../platform/index.ts'

const rateLines = [
  { label: 'Rate', color: '--series-1', kind: 'area' },
  { label: 'Errors', color: '--series-4', kind: 'area' },
] as const
const durationLines = [
  { label: 'p50', color: '--series-2' },
  { label: 'p95', color: '--series-3' },
  { label: 'p99', color: '--series-4' },
] as const

/** Rate, errors and durations of some accesses over the window, under one cursor. */
export function ServiceCharts({ query, height = 120 }: { query: string; height?: number }) {
  const { address, set, utc } = useAddress()
  const series = useCall(trafficRoutes.getSeries, { query: questionOf(address, query) }, { every: clockOf(address) === 'live' && 15_000 })
  const answer = series.data
  const data = useMemo(() => {
    if (!answer) return undefined
    const points = answer.series[0]?.points ?? []
    const window = { ...answer.asked, stepS: answer.stepS }
    return {
      rate: layOut(points, window, answer.gaps, [perSecond(answer.stepS, 'count'), perSecond(answer.stepS, 'errors')], 'count'),
      duration: layOut(points, window, answer.gaps, [(p) => p.p50Us, (p) => p.p95Us, (p) => p.p99Us], 'measure'),
    }
  }, [answer])
  if (series.error && !answer) return <Failure error={series.error} />
  if (!answer || !data) return <Waiting what="charts" lines={8} />
  const shared = {
    from: Date.parse(answer.asked.from) / 1000,
    to: Date.parse(answer.asked.to) / 1000,
    gaps: answer.gaps,
    utc,
    height,
    onSelect: (from: number, to: number) => set({ from: new Date(from).toISOString(), to: new Date(to).toISOString() }),
  }
  return (
    <div style={{ display: 'grid', gap: 8 }}>
      <TimeChart label="Requests per second" data={data.rate} lines={rateLines} unit={formatRate} {...shared} />
      <TimeChart label="Durations" data={data.duration} lines={durationLines} unit={formatDuration} {...shared} />
    </div>
  )
}
