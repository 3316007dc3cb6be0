import { accessRoutes, failedQuery, systemRoutes, trafficRoutes } from '@panoptes/contract'
import { Link } from '@tanstack/react-router'
import { type Address, both, clockOf, condition, keptAddress, questionOf, useAddress } from '../../address/index.ts'
import { formatAgo, formatBytes, formatCount, formatRate, formatRatio, formatSpan, isCounting } from '../../format/index.ts'
import { Card, Empty, Failure, Page, partClasses, Status, Waiting } from '../../parts/index.ts'
import { useCall } from '../../platform/index.ts'
import { ServiceCharts } from '../map/service-charts.tsx'
import classes from './overview.module.css'
import { forecastWords, statusTone } from './prepare-overview.ts'
import { Tile } from './tile.tsx'

/** What is connected, how it goes, what is missing, and what needs somebody. Every number opens what it was made from. */
export function OverviewPage() {
  const { address } = useAddress()
  const every = clockOf(address) === 'live' && 10_000
  const status = useCall(systemRoutes.getStatus, {}, { every: 10_000 })
  const question = questionOf(address)
  const { from, to, origin } = question
  const series = useCall(trafficRoutes.getSeries, { query: question }, { every: clockOf(address) === 'live' && 15_000 })
  const complete = useCall(trafficRoutes.getCompletenessMark, { query: { from, to, origin } }, { every })
  if (status.error && !status.data) {
    return (
      <Page title="Overview">
        <Failure error={status.error} retry={() => void status.refetch()} />
      </Page>
    )
  }
  const points = series.data?.series[0]?.points ?? []
  const count = points.reduce((sum, p) => sum + p.count, 0)
  const errors = points.reduce((sum, p) => sum + p.errors, 0)
  const seconds = series.data ? Math.max(1, (Date.parse(series.data.asked.to) - Date.parse(series.data.asked.from)) / 1000) : 1
  const total = complete.data?.total
  const counting = total && isCounting(total)
  const s = status.data
  return (
    <Page title="Overview">
      {s?.problems.map((p) => (
        <div key={`${p.code}${p.title}`} className={classes.problem} data-severity={p.severity}>
          <Status tone={statusTone(p.severity)}>{p.title}</Status> {p.detail} <span className="dim">{p.hint}</span>
        </div>
      ))}
      <div className={partClasses.tiles}>
        <Tile label="Accesses" value={series.data && formatCount(count)} note={series.data && formatRate(count / seconds)} to="/record" />
        <Tile
          label="Errors"
          value={series.data && (count ? formatRatio(errors / count) : '–')}
          note={series.data && `${formatCount(errors)} ${errors === 1 ? 'access' : 'accesses'}`}
          tone={count && errors / count >= 0.05 ? 'bad' : undefined}
          to="/record"
          address={{ q: both(address.q, failedQuery) }}
        />
        <Tile
          label="Completeness"
          value={total && (counting ? 'counting' : total.state === 'unknown' ? 'unknown' : formatRatio(total.ratio))}
          note={
            total &&
            (counting
              ? 'hours are being added up'
              : total.missed === null
                ? `${formatCount(total.sourcesUnknown)} sources without counters`
                : `${formatCount(total.missed)} missed`)
          }
          tone={total?.state === 'incomplete' ? 'bad' : undefined}
          to="/completeness"
        />
        <Tile
          label="Controllers connected"
          value={s && formatCount(s.ingest.controllers.active)}
          note={
            s &&
            (s.ingest.controllers.silent > 0
              ? `${formatCount(s.ingest.controllers.silent)} silent`
              : `last batch ${formatAgo(s.ingest.lastBatchAt, Date.now())}`)
          }
          tone={s && s.ingest.controllers.silent > 0 ? 'warn' : undefined}
          to="/sources"
        />
        <Tile
          label="Record"
          value={s && (s.rows === null ? '–' : formatCount(s.rows))}
          note={s && (s.oldestRow ? `since ${formatSpan(Date.now() - Date.parse(s.oldestRow))}` : 'nothing yet')}
          to="/settings/retention"
        />
        {s?.disk && <Tile label="Disk" value={`${formatBytes(s.disk.recordBytes)}`} note={forecastWords(s.disk, Date.now())} to="/settings/retention" />}
      </div>
      <div className={partClasses.columns}>
        <Card title="Rate, errors and durations">
          <ServiceCharts query="" height={140} />
        </Card>
        <TopTalkers />
      </div>
      <div className={partClasses.columns}>
        <Failing />
        <Alarms />
      </div>
    </Page>
  )
}

function TopTalkers() {
  const { address } = useAddress()
  const facets = useCall(
    trafficRoutes.listFacets,
    { query: { ...questionOf(address), fields: 'dst.workload,host', limit: 12 } },
    { every: clockOf(address) === 'live' && 15_000 },
  )
  const values = facets.data?.facets[0]?.values.filter((v) => v.value) ?? []
  const most = Math.max(1, ...values.map((v) => v.count))
  return (
    <Card title="Most called">
      {!facets.data && <Waiting what="workloads" />}
      {facets.data && values.length === 0 && <Empty title="Nobody was called yet">Workloads appear here as soon as their proxies report.</Empty>}
      {values.map(({ value, count }) => (
        <Link
          key={value}
          to="/record"
          search={(now: Address) => ({ ...keptAddress(now), q: both(now.q, condition('dst.workload', value)) })}
          className={classes.talker}
        >
          <span>{value}</span>
          <span className={classes.talkerBar} style={{ width: `${(count / most) * 100}%` }} aria-hidden />
          <span className="dim">{formatCount(count)}</span>
        </Link>
      ))}
    </Card>
  )
}

function Failing() {
  const { address } = useAddress()
  const facets = useCall(
    trafficRoutes.listFacets,
    { query: { ...questionOf(address, failedQuery), fields: 'dst.workload', limit: 8 } },
    { every: clockOf(address) === 'live' && 15_000 },
  )
  const values = facets.data?.facets[0]?.values ?? []
  return (
    <Card title="Failing most">
      {!facets.data && <Waiting what="failures" />}
      {facets.data && values.length === 0 && <Empty title="Nothing failed in this window">Workloads that answer with errors are listed here.</Empty>}
      {values.map(({ value, count }) => (
        <Link
          key={value}
          to="/record"
          search={(now: Address) => ({ ...keptAddress(now), q: both(now.q, value ? condition('dst.workload', value) : 'NOT dst.workload:*', failedQuery) })}
          className={classes.talker}
        >
          <span>{value || '(outside the mesh)'}</span>
          <span />
          <Status tone="bad">{formatCount(count)}</Status>
        </Link>
      ))}
    </Card>
  )
}

function Alarms() {
  const alarms = useCall(accessRoutes.listAlarms, { query: { state: 'open', limit: 6 } }, { every: 30_000 })
  return (
    <Card
      title="Newest alarms"
      aside={
        <Link to="/settings/$section" params={{ section: 'alarms' }} search={(now: Address) => keptAddress(now)}>
          All
        </Link>
      }
    >
      {!alarms.data && <Waiting what="alarms" />}
      {alarms.data?.alarms.length === 0 && <Empty title="No open alarm">Copied keys, controllers that fall silent and lost data are told here.</Empty>}
      {alarms.data?.alarms.map((a) => (
        <div key={a.id} className={classes.alarm}>
          <Status tone={statusTone(a.severity)}>{a.severity}</Status>
          <span>
            <strong>{a.title}</strong> <span className="dim">{formatAgo(a.lastAt, Date.now())}</span>
            <div className="dim">{a.detail}</div>
          </span>
        </div>
      ))}
    </Card>
  )
}
