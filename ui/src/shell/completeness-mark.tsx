import { Tooltip } from '@mantine/core'
import { trafficRoutes } from '@panoptes/contract'
import { IconCircleCheck, IconCircleDashed, IconClock, IconTriangle } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { type Address, clockOf, keptAddress, questionOf, useAddress } from '../address/index.ts'
import { formatCount, formatRatio, isCounting } from '../format/index.ts'
import { useCall } from '../platform/index.ts'
import classes from './frame.module.css'

const icons = { complete: IconCircleCheck, incomplete: IconTriangle, unknown: IconCircleDashed, pending: IconClock, 'nothing-expected': IconCircleDashed }
const wordOf = { complete: 'Complete', unknown: 'Unknown', pending: 'Settling', 'nothing-expected': 'Nothing expected' }

/** What the page itself shows comes first: the mark's question is a large one. */
const laterMs = 2_500

/** How complete the record is for what is shown: opens the page that says why. */
export function CompletenessMark() {
  const { address } = useAddress()
  const { from, to, origin } = questionOf(address)
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(setLate, laterMs, true)
    return () => clearTimeout(timer)
  }, [])
  const answer = useCall(trafficRoutes.getCompletenessMark, { query: { from, to, origin } }, { every: clockOf(address) === 'live' && 15_000, enabled: late })
  const total = answer.data?.total
  if (!total) return null
  const Icon = icons[total.state]
  const counting = isCounting(total)
  const words = counting ? 'Counting' : total.state === 'incomplete' ? formatRatio(total.ratio) : wordOf[total.state]
  const detail = counting
    ? 'How complete this is, is still being counted'
    : total.missed === null
      ? `${formatCount(total.received)} received; ${formatCount(total.sourcesUnknown)} sources have no counters`
      : `${formatCount(total.received)} received, ${formatCount(total.missed)} missed`
  return (
    <Tooltip label={detail} withArrow>
      <Link
        to="/completeness"
        search={(now: Address) => keptAddress(now)}
        className={classes.mark}
        data-state={total.state}
        aria-label={`Completeness: ${words}. ${detail}`}
      >
        <Icon size={16} aria-hidden />
        <span>{words}</span>
      </Link>
    </Tooltip>
  )
}
