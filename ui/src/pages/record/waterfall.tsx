import type { Access } from '@panoptes/contract'
import { Link } from '@tanstack/react-router'
import { type Address, changedAddress } from '../../address/index.ts'
import { formatDuration } from '../../format/index.ts'
import { Status } from '../../parts/index.ts'
import { endName, phasesOf, showField, toneOf } from './prepare-access.ts'
import classes from './record.module.css'

/** Where the time of one access went, on both sides, on one time line. */
export function Waterfall({ access, pair, betweenProxiesUs }: { access: Access; pair: Access[]; betweenProxiesUs: number | null }) {
  const rows = [access, ...pair]
  const start = Math.min(...rows.map((a) => Date.parse(String(a.ts))))
  const offset = (a: Access) => Math.max(0, (Date.parse(String(a.ts)) - start) * 1000)
  const whole = Math.max(1, ...rows.map((a) => offset(a) + Number(a.duration ?? 0)))
  return (
    <section className={classes.group}>
      <h2>Where the time went</h2>
      {rows.map((row) => {
        const phases = phasesOf(row)
        const bars = phases.length > 0 ? phases : [{ name: 'whole', fromUs: 0, toUs: Number(row.duration ?? 0), tone: 'wait' as const }]
        return (
          <div key={row.id} className={classes.lane}>
            <SideName access={row} own={row.id === access.id} />
            <div className={classes.track}>
              {bars.map((p) => (
                <span
                  key={p.name}
                  className={classes.phase}
                  data-tone={p.tone}
                  title={`${p.name}: ${formatDuration(p.toUs - p.fromUs)}`}
                  style={{ left: `${((offset(row) + p.fromUs) / whole) * 100}%`, width: `max(2px, ${((p.toUs - p.fromUs) / whole) * 100}%)` }}
                />
              ))}
            </div>
            <span className={classes.took}>{formatDuration(Number(row.duration ?? 0))}</span>
          </div>
        )
      })}
      <div className={classes.legend}>
        {phasesOf(access).map((p) => (
          <span key={p.name}>
            <i data-tone={p.tone} /> {p.name} {formatDuration(p.toUs - p.fromUs)}
          </span>
        ))}
        {betweenProxiesUs !== null && <strong>between the proxies {formatDuration(betweenProxiesUs)}</strong>}
        {pair.length === 0 && <span className="dim">No entry of the other side: its proxy does not report, or the call left the mesh.</span>}
      </div>
    </section>
  )
}

function SideName({ access, own }: { access: Access; own: boolean }) {
  const name = String(access.reporter ?? '') || 'unknown'
  if (own) return <span className={classes.laneName}>{name} (this)</span>
  return (
    <Link to="." search={(now: Address) => changedAddress(now, { open: access.id })} className={classes.laneName}>
      {name}
    </Link>
  )
}

/** Other entries of the same trace, oldest first, each on the trace's time line. */
export function Neighbours({ access, trace }: { access: Access; trace: Access[] }) {
  if (trace.length === 0) return null
  const all = [...trace, access].sort((a, b) => String(a.ts).localeCompare(String(b.ts)))
  const start = Date.parse(String(all[0]!.ts)) * 1000
  const from = (a: Access) => Date.parse(String(a.ts)) * 1000 - start
  const whole = Math.max(1, ...all.map((a) => from(a) + Number(a.duration ?? 0)))
  return (
    <section className={classes.group}>
      <h2>
        Trace <span className="dim">{all.length} entries</span>
      </h2>
      {all.slice(0, 60).map((a) => (
        <Link
          key={a.id}
          to="."
          search={(now: Address) => changedAddress(now, { open: a.id })}
          className={classes.neighbour}
          aria-current={a.id === access.id ? 'true' : undefined}
        >
          <span className={classes.neighbourName}>
            {endName(a, 'src')} → {endName(a, 'dst')} <span className="dim">{showField('path', a.path, true)}</span>
          </span>
          <span className={classes.track}>
            <span
              className={classes.phase}
              data-tone="wait"
              style={{ left: `${(from(a) / whole) * 100}%`, width: `max(2px, ${(Number(a.duration ?? 0) / whole) * 100}%)` }}
            />
          </span>
          <span className={classes.took}>
            {toneOf(a) ? <Status tone={toneOf(a)!}>{showField('status', a.status, true) || '–'}</Status> : formatDuration(Number(a.duration ?? 0))}
          </span>
        </Link>
      ))}
    </section>
  )
}
