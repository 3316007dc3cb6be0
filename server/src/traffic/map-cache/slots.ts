/** A stretch of time whose sums are kept: half-open, microseconds since 1970. */
export interface Slot {
  fromUs: number
  toUs: number
}

const minuteUs = 60e6
/** Rows of the newest minutes still come in: they are kept in short stretches, so that little is asked anew. */
const shortUs = 10e6
const settleUs = 20e6
/** Windows longer than this are answered by the record's own minutes. */
export const longestUs = 6 * 3_600e6

/** Whether a window is made of whole minutes, or ends now. */
export function servable({ fromUs, toUs }: Slot, nowUs: number): boolean {
  return fromUs % minuteUs === 0 && fromUs < toUs && toUs - fromUs <= longestUs && (toUs % minuteUs === 0 || toUs > nowUs - minuteUs)
}

/** The slots that make up a window, oldest first: minutes, and tens of seconds where rows still come in. */
export function slotsOf({ fromUs, toUs }: Slot, nowUs: number): Slot[] {
  const slots: Slot[] = []
  for (let at = fromUs; at < toUs; ) {
    const width = at + minuteUs + settleUs <= nowUs ? minuteUs : shortUs
    slots.push({ fromUs: at, toUs: at + width })
    at += width
  }
  return slots
}

export const widthOf = ({ fromUs, toUs }: Slot): number => toUs - fromUs
export const keyOf = ({ fromUs, toUs }: Slot): string => `${fromUs}-${toUs}`

/** Neighbouring slots as one stretch. */
export function joined(slots: readonly Slot[]): Slot[] {
  const ranges: Slot[] = []
  for (const slot of slots) {
    const last = ranges.at(-1)
    if (last?.toUs === slot.fromUs) last.toUs = slot.toUs
    else ranges.push({ ...slot })
  }
  return ranges
}
