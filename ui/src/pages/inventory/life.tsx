import type { ContainerLifeRow, ContainerTransitionRow, KubeObjectRow } from '@panoptes/contract'
import { inventoryRoutes } from '@panoptes/contract'
import type { z } from 'zod'
import { momentMs, momentOf, useAddress } from '../../address/index.ts'
import { formatSpan, formatTime } from '../../format/index.ts'
import { Failure, Status, Waiting } from '../../parts/index.ts'
import { useCall } from '../../platform/index.ts'
import classes from './inventory.module.css'
import { lifeState, shortDigest } from './prepare-inventory.ts'
import { type Happening, happenings, livesIn } from './prepare-life.ts'

export type Transition = z.infer<typeof ContainerTransitionRow>

/** All that is known of a pod and its containers. */
export function useHistory(uid: string) {
  const history = useCall(inventoryRoutes.getPodHistory, { params: { uid } }, { every: 10_000, keep: false })
  const pod = history.data?.pod
  const gaps = useCall(
    inventoryRoutes.listTransitions,
    { query: { from: pod?.createdAt ?? pod?.seenAt ?? '-15m', to: history.data?.deletedAt ?? 'now', cluster: pod?.cluster, limit: 1 } },
    { enabled: pod !== undefined, fresh: 60_000 },
  )
  return { ...history, gaps: gaps.data?.gaps ?? [] }
}

interface LifeProps {
  uid: string
  /** One container of the pod; all of them unless told. */
  container?: string
}

/** The life of a container, or of all of a pod: when it ran, and everything that happened, with the holes in what is known. */
export function Life({ uid, container }: LifeProps) {
  const { address, utc } = useAddress()
  const history = useHistory(uid)
  if (history.error && !history.data) return <Failure error={history.error} retry={() => void history.refetch()} />
  if (!history.data) return <Waiting what="its life" lines={10} />
  const { containers, transitions, events, leases, pod, deletedAt } = history.data
  const mine = <Row extends { container: string }>(rows: Row[]) => (container ? rows.filter((row) => row.container === container) : rows)
  const lives = mine(containers)
  const at = momentOf(address)
  const shownMs = at === 'now' ? undefined : momentMs(at, Date.now())
  const told = happenings({
    transitions: mine(transitions as Transition[]),
    events,
    leases,
    gaps: history.gaps,
    pod,
    deletedAt,
    named: container === undefined,
  })
  return (
    <div className={classes.stack}>
      <Lives lives={lives} pod={pod} deletedAt={deletedAt} shownMs={shownMs} />
      <ol className={classes.timeline} aria-label="What happened">
        {told.map((one, i) => (
          <Told key={one.key} one={one} before={told[i - 1]} utc={utc} shownMs={shownMs} />
        ))}
      </ol>
    </div>
  )
}

/** One thing that happened; a line stands where the moment shown lies between it and the one before. */
function Told({ one, before, utc, shownMs }: { one: Happening; before: Happening | undefined; utc: boolean; shownMs: number | undefined }) {
  const passed = shownMs !== undefined && one.atMs > shownMs && (before === undefined || before.atMs <= shownMs)
  return (
    <>
      {passed && (
        <li className={classes.shown}>
          <span>the moment shown, {formatTime(shownMs, utc)}</span>
        </li>
      )}
      <li data-tone={one.tone}>
        <time dateTime={new Date(one.atMs).toISOString()}>{formatTime(one.at, utc, 'ms')}</time>
        <div>
          <strong>{one.title}</strong>
          {one.detail && <div className="dim">{one.detail}</div>}
        </div>
      </li>
    </>
  )
}

interface LivesProps {
  lives: ContainerLifeRow[]
  pod: KubeObjectRow
  deletedAt: string | null
  shownMs: number | undefined
}

/** When each container ran, as bars over the life of its pod. */
function Lives({ lives, pod, deletedAt, shownMs }: LivesProps) {
  const { utc } = useAddress()
  const { begin, end, rows } = livesIn(lives, pod.createdAt ?? pod.seenAt, deletedAt, Date.now())
  const share = (ms: number) => `${(100 * Math.min(1, Math.max(0, (ms - begin) / (end - begin)))).toFixed(2)}%`
  return (
    <figure className={classes.lives}>
      {rows.map(({ container, bars }) => (
        <div key={container} className={classes.livesRow}>
          <span>{container}</span>
          <div className={classes.track}>
            {bars.map(({ life, from, to }) => {
              const { words, tone } = lifeState(life)
              const title = `${words}${life.exitCode === null ? '' : `, exit code ${life.exitCode}`}: ${formatTime(from, utc)} for ${formatSpan(to - from)}, image ${shortDigest(life.imageDigest) || life.image}`
              return (
                <span key={life.containerId} data-tone={tone} title={title} style={{ left: share(from), width: `calc(${share(begin + to - from)} - 1px)` }} />
              )
            })}
            {shownMs !== undefined && <i style={{ left: share(shownMs) }} />}
          </div>
        </div>
      ))}
      <figcaption>
        <span>{formatTime(begin, utc)}</span>
        <span>
          {lives.length} {lives.length === 1 ? 'life' : 'lives'} in {formatSpan(end - begin)}
        </span>
        <span>{deletedAt ? formatTime(deletedAt, utc) : 'now'}</span>
      </figcaption>
      {lives.length === 0 && <Status tone="none">none of its containers is known to have started</Status>}
    </figure>
  )
}
