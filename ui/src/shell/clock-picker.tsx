import { ActionIcon, Button, Group, Popover, TextInput } from '@mantine/core'
import { IconChevronLeft, IconChevronRight, IconClock, IconHistory } from '@tabler/icons-react'
import { useState } from 'react'
import { clockOf, describeWindow, momentMs, shiftedWindow, useAddress, windowOf } from '../address/index.ts'
import { formatTime } from '../format/index.ts'
import classes from './frame.module.css'
import { parseMoment } from './prepare-clock.ts'
import { ZoneControl } from './zone-control.tsx'

const presets = [
  ['-5m', 'Last 5 minutes'],
  ['-15m', 'Last 15 minutes'],
  ['-1h', 'Last hour'],
  ['-3h', 'Last 3 hours'],
  ['-6h', 'Last 6 hours'],
  ['-24h', 'Last 24 hours'],
  ['-2d', 'Last 2 days'],
  ['-7d', 'Last 7 days'],
  ['-30d', 'Last 30 days'],
] as const

/** The clock of the whole console: live, a window, or the past. */
export function ClockPicker() {
  const { address, set, utc } = useAddress()
  const [opened, setOpened] = useState(false)
  const past = clockOf(address) === 'past'
  return (
    <Group gap={2} wrap="nowrap" data-row="2">
      <ActionIcon variant="subtle" color="gray" size={30} aria-label="Earlier" onClick={() => set(shiftedWindow(address, -1, Date.now()))}>
        <IconChevronLeft size={16} />
      </ActionIcon>
      <Popover opened={opened} onChange={setOpened} position="bottom-start" shadow="md" withArrow trapFocus>
        <Popover.Target>
          <Button
            variant={past ? 'light' : 'default'}
            color={past ? 'orange' : undefined}
            size="xs"
            h={30}
            leftSection={past ? <IconHistory size={15} /> : <IconClock size={15} />}
            onClick={() => setOpened((o) => !o)}
            styles={past ? { root: { color: 'var(--past)' } } : undefined}
            data-testid="clock"
          >
            {describeWindow(address, utc)}
            {utc && ' UTC'}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>{opened && <Picker onDone={() => setOpened(false)} />}</Popover.Dropdown>
      </Popover>
      {past && (
        <>
          <ActionIcon variant="subtle" color="gray" size={30} aria-label="Later" onClick={() => set(shiftedWindow(address, 1, Date.now()))}>
            <IconChevronRight size={16} />
          </ActionIcon>
          <Button size="xs" h={30} variant="subtle" onClick={() => set({ from: undefined, to: undefined })}>
            Back to live
          </Button>
        </>
      )}
    </Group>
  )
}

function Picker({ onDone }: { onDone: () => void }) {
  const { address, set, utc } = useAddress()
  const window = windowOf(address)
  const show = (moment: string) => (/^(now|-\d)/.test(moment) ? moment : formatTime(moment, utc))
  const [from, setFrom] = useState(show(window.from))
  const [to, setTo] = useState(show(window.to))
  const now = Date.now()
  const [begin, end] = [parseMoment(from, utc), parseMoment(to, utc)]
  const order = begin && end && (momentMs(begin, now) ?? 0) >= (momentMs(end, now) ?? 0)
  const apply = () => {
    if (!begin || !end || order) return
    set({ from: begin, to: end === 'now' ? undefined : end })
    onDone()
  }
  return (
    <div className={classes.picker}>
      <div className={classes.presets}>
        {presets.map(([value, label]) => (
          <button
            key={value}
            type="button"
            className={classes.preset}
            aria-pressed={window.from === value && window.to === 'now'}
            onClick={() => {
              set({ from: value === '-15m' ? undefined : value, to: undefined })
              onDone()
            }}
          >
            {label}
          </button>
        ))}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          apply()
        }}
        style={{ display: 'grid', gap: 10, alignContent: 'start' }}
      >
        <TextInput
          label="From"
          value={from}
          onChange={(e) => setFrom(e.currentTarget.value)}
          error={!begin && 'As 2026-03-03 14:05, or -2h'}
          data-autofocus
          size="xs"
        />
        <TextInput
          label="To"
          value={to}
          onChange={(e) => setTo(e.currentTarget.value)}
          error={!end ? 'As 2026-03-03 14:05, -1h or now' : order ? 'Must be after “from”' : undefined}
          size="xs"
        />
        <ZoneControl />
        <Button type="submit" size="xs">
          Show this window
        </Button>
      </form>
    </div>
  )
}
