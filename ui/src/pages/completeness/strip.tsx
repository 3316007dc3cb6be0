import { formatTime } from '../../format/index.ts'
import classes from './completeness.module.css'
import { type Interval, intervalWords } from './prepare-completeness.ts'

/** Intervals of one source as a row of marks: height and colour say the state, a hole stays a hole. */
export function Strip({ intervals, utc }: { intervals: readonly Interval[]; utc: boolean }) {
  const missed = intervals.filter((i) => i.state === 'incomplete').length
  const unknown = intervals.filter((i) => i.state === 'unknown').length
  return (
    <span className={classes.strip} role="img" aria-label={`${intervals.length} intervals, ${missed} incomplete, ${unknown} unknown`}>
      {intervals.map((i) => (
        <i key={i.from} data-state={i.state} title={`${formatTime(i.from, utc).slice(11)}: ${intervalWords(i)}`} />
      ))}
    </span>
  )
}
