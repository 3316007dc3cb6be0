import { SegmentedControl } from '@mantine/core'
import { useAddress } from '../address/index.ts'

/** Local time or UTC, for the whole console. */
export function ZoneControl() {
  const { set, utc } = useAddress()
  return (
    <SegmentedControl
      size="xs"
      aria-label="Time zone"
      value={utc ? 'utc' : 'local'}
      onChange={(zone) => set({ utc: zone === 'utc' ? '1' : undefined })}
      data={[
        { value: 'local', label: 'Local time' },
        { value: 'utc', label: 'UTC' },
      ]}
    />
  )
}
