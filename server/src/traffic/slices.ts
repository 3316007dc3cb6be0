import type { Query } from '@panoptes/contract'
import { isLettered, isNarrow } from './compile.ts'
import type { TimeWindow } from './window.ts'

const minuteUs = 60e6
const hourUs = 60 * minuteUs
const dayUs = 24 * hourUs
/** A day becomes one part six hours after the last row came: its rows lie by the hour then, those of a younger one as they came. */
const settlesUs = 7 * hourUs
/** How much wider a part is than the one before, at least and at most. */
const [leastWider, mostWider] = [4, 64]
/** Rows are never spread evenly: look a little further than they would need. */
const reserve = 1.5

/**
 * Parts of a window in the order of an answer, which widen: a full page is mostly found in the first. What an index finds
 * costs little more in a day (what the sharper indexes find: in a week) than in an hour, less than a second statement: where
 * there is much of it, the engine reads only what may still be among the first. `next` is told how many of the wanted rows
 * have been found so far, from which follows how wide the next part must be.
 */
export function* slices(
  { fromUs, toUs }: Pick<TimeWindow, 'fromUs' | 'toUs'>,
  query: Query,
  order: 'newest' | 'oldest',
  wanted: number,
  nowUs = Date.now() * 1000,
): Generator<[number, number], void, number> {
  const [narrow, lettered] = [isNarrow(query), isLettered(query)]
  const scanned = !narrow && !lettered && query.kind !== 'all'
  let width = narrow ? 7 * dayUs : lettered ? dayUs : scanned ? 8 * minuteUs : minuteUs
  // The oldest first is the newest first of time that runs backwards.
  const newest = order === 'newest'
  const least = newest ? fromUs : -toUs
  let end = newest ? toUs : -fromUs
  // Clocks of proxies may be a little ahead; rows far in the future come with the first part.
  const start = newest ? Math.min(toUs, nowUs) : end
  let begin = start - width
  const dayEnd = newest ? Math.ceil(start / dayUs) * dayUs : (Math.floor(fromUs / dayUs) + 1) * dayUs
  // Where rows lie by the hour and no index helps, all of an hour takes as long as a minute of it.
  if (scanned && nowUs - dayEnd >= settlesUs) begin = Math.floor(begin / hourUs) * hourUs
  width = start - begin
  let before = 0
  while (end > least) {
    // What would be left for another statement, less than this one looks through, is looked through with it.
    const from = begin - least < width ? least : begin
    const found = yield newest ? [from, end] : [-end, -from]
    const here = found - before
    const needed = here > 0 ? (reserve * (wanted - found)) / here : mostWider
    width *= Math.min(mostWider, Math.max(leastWider, needed))
    before = found
    end = from
    begin = end - Math.ceil(width)
  }
}
