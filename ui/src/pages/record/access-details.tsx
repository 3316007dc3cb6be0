import { Checkbox, Tooltip } from '@mantine/core'
import { type Access, trafficRoutes } from '@panoptes/contract'
import { IconArrowRight, IconFilterPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { condition, questionOf, toggled, useAddress } from '../../address/index.ts'
import { formatDuration, formatTime } from '../../format/index.ts'
import { Copy, Failure, Status, Waiting } from '../../parts/index.ts'
import { useCall } from '../../platform/index.ts'
import { endName, groupFields, type ShownField, showField, toneOf } from './prepare-access.ts'
import classes from './record.module.css'
import { Neighbours, Waterfall } from './waterfall.tsx'

/** One access in full: who called whom, where the time went, the other side, its trace, and every field. */
export function AccessDetails({ id }: { id: string }) {
  const answer = useCall(trafficRoutes.getAccess, { params: { id } }, { fresh: 300_000, keep: false })
  const { utc } = useAddress()
  const [empty, setEmpty] = useState(false)
  if (answer.error) {
    return (
      <div style={{ padding: 16 }}>
        <Failure error={answer.error} retry={() => void answer.refetch()} />
      </div>
    )
  }
  if (!answer.data) return <Waiting what="the access" lines={14} />
  const { pair, trace, betweenProxiesUs } = answer.data
  const access = answer.data.access as Access
  const tone = toneOf(access)
  const text = (field: string) => showField(field, access[field], utc)
  return (
    <div className={classes.details}>
      <div className={classes.headline}>
        <span className={classes.ends}>
          {endName(access, 'src')} <IconArrowRight size={14} aria-label="to" /> {endName(access, 'dst')}
        </span>
        <div className={classes.request}>
          <code>
            {text('method') || text('protocol')} {text('path')}
          </code>
        </div>
        <div className={classes.facts}>
          <Status tone={tone ?? 'ok'}>{text('status') || text('grpc.status') || 'no answer'}</Status>
          {text('flags') && <Status tone="bad">{text('flags')}</Status>}
          {access.decision === 'denied' && <Status tone="bad">denied by {text('policy') || 'policy'}</Status>}
          <span>{formatDuration(Number(access.duration ?? 0))}</span>
          <span className="dim">
            {formatTime(String(access.ts), utc, 'us')}
            {utc ? ' UTC' : ''}
          </span>
          <span className="dim">reported by the {text('reporter') || 'unknown'} side</span>
        </div>
        {text('details') && text('details') !== 'via_upstream' && <div className="dim">{text('details')}</div>}
      </div>
      <Waterfall access={access} pair={pair as Access[]} betweenProxiesUs={betweenProxiesUs} />
      <Neighbours access={access} trace={trace as Access[]} />
      {groupFields(access, utc, empty).map(({ group, fields }) => (
        <section key={group} className={classes.group}>
          <h2>{group}</h2>
          <dl>
            {fields.map((field) => (
              <FieldRow key={field.field} field={field} />
            ))}
          </dl>
        </section>
      ))}
      <div className={classes.foot}>
        <Checkbox size="xs" label="Show empty fields" checked={empty} onChange={(e) => setEmpty(e.currentTarget.checked)} />
        <Copy text={JSON.stringify(access, null, 2)} what="as JSON" />
        <code className="dim">panoptes record show {access.id}</code>
      </div>
    </div>
  )
}

const classLabels = {
  exact: 'exact: both ends of the access could have written it down',
  timed: 'timed: measured by the proxy’s clock',
  derived: 'derived: made from other values',
}

function FieldRow({ field }: { field: ShownField }) {
  const { address, go } = useAddress()
  return (
    <div className={classes.field}>
      <dt>
        <Tooltip label={`${field.description}. ${classLabels[field.class]}. Source: ${field.source}`} multiline maw={360} withArrow openDelay={300}>
          <span>
            {field.field} <span className={classes.class}>{field.class}</span>
          </span>
        </Tooltip>
      </dt>
      <dd>
        <span className={classes.value}>{field.text || '–'}</span>
        {field.raw !== '' && !field.raw.startsWith('{') && (
          <span className={classes.valueTools}>
            <Copy text={field.raw} what={field.field} />
            <Tooltip label={`Search for this ${field.field}`} withArrow>
              <button
                type="button"
                className={classes.iconButton}
                aria-label={`Search for this ${field.field}`}
                onClick={() => go('/record', { q: toggled(questionOf({ q: address.q }).query, condition(field.field, field.raw)) })}
              >
                <IconFilterPlus size={13} aria-hidden />
              </button>
            </Tooltip>
          </span>
        )}
      </dd>
    </div>
  )
}
