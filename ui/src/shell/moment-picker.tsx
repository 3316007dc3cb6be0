import { ActionIcon, Button, Group, Popover, TextInput } from '@mantine/core'
import { IconArrowsDiff, IconClock, IconHistory, IconX } from '@tabler/icons-react'
import { useState } from 'react'
import { momentMs, momentOf, useAddress } from '../address/index.ts'
import { formatTime } from '../format/index.ts'
import classes from './frame.module.css'
import { parseMoment } from './prepare-clock.ts'
import { ZoneControl } from './zone-control.tsx'

const presets = [
  ['-5m', '5 minutes ago'],
  ['-15m', '15 minutes ago'],
  ['-1h', '1 hour ago'],
  ['-6h', '6 hours ago'],
  ['-24h', '1 day ago'],
  ['-7d', '7 days ago'],
  ['-30d', '30 days ago'],
] as const

/** A moment that stays what it is when a link is sent: relative ones become absolute. */
const fixed = (moment: string): string => (moment === 'now' ? moment : new Date(momentMs(moment, Date.now()) ?? Date.now()).toISOString())

/** The console's clock where a page shows one moment: now or a past one, and a second one to compare it with. */
export function MomentPicker() {
  const { address, set, utc } = useAddress()
  const moment = momentOf(address)
  const past = moment !== 'now'
  const words = (text: string) => (text === 'now' ? 'Now' : text.startsWith('-') ? `${text.slice(1)} ago` : formatTime(text, utc))
  return (
    <Group gap={4} data-row="2">
      <Pick label={`${words(moment)}${past && utc ? ' UTC' : ''}`} name="At which moment" value={moment} past={past} onPick={(at) => set({ at })} />
      {past && (
        <Button size="xs" h={30} variant="subtle" px={8} onClick={() => set({ from: undefined, to: undefined })}>
          Back to now
        </Button>
      )}
      <Pick
        label={address.with ? `against ${words(address.with)}` : 'Compare'}
        name="Compare with which moment"
        value={address.with ?? '-1h'}
        compares
        past={address.with !== undefined}
        onPick={(other) => set({ with: other })}
      />
      {address.with && (
        <ActionIcon variant="subtle" color="gray" size={30} aria-label="Compare no more" onClick={() => set({ with: undefined })}>
          <IconX size={15} />
        </ActionIcon>
      )}
    </Group>
  )
}

interface PickProps {
  label: string
  name: string
  value: string
  past: boolean
  compares?: boolean
  onPick: (moment: string) => void
}

function Pick({ label, name, value, past, compares = false, onPick }: PickProps) {
  const [opened, setOpened] = useState(false)
  const Icon = compares ? IconArrowsDiff : past ? IconHistory : IconClock
  const pick = (moment: string) => {
    onPick(fixed(moment))
    setOpened(false)
  }
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" shadow="md" withArrow trapFocus>
      <Popover.Target>
        <Button
          variant={past ? 'light' : 'default'}
          color={past ? 'orange' : undefined}
          size="xs"
          h={30}
          px={10}
          leftSection={<Icon size={15} />}
          onClick={() => setOpened((o) => !o)}
          styles={past ? { root: { color: 'var(--past)' } } : undefined}
          aria-label={`${name}: ${label}`}
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>{opened && <Form name={name} value={value} compares={compares} onPick={pick} />}</Popover.Dropdown>
    </Popover>
  )
}

function Form({ name, value, compares, onPick }: { name: string; value: string; compares: boolean; onPick: (moment: string) => void }) {
  const { utc } = useAddress()
  const [text, setText] = useState(/^(now|-\d)/.test(value) ? value : formatTime(value, utc))
  const moment = parseMoment(text, utc)
  return (
    <div className={classes.picker}>
      <div className={classes.presets}>
        {[['now', 'Now'] as const, ...presets].map(([preset, words]) => (
          <button key={preset} type="button" className={classes.preset} aria-pressed={value === preset} onClick={() => onPick(preset)}>
            {words}
          </button>
        ))}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (moment) onPick(moment)
        }}
        style={{ display: 'grid', gap: 10, alignContent: 'start' }}
      >
        <TextInput
          label={name}
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
          error={!moment && 'As 2026-03-03 14:05:09, -2h or now'}
          data-autofocus
          size="xs"
        />
        <ZoneControl />
        <Button type="submit" size="xs">
          {compares ? 'Compare' : 'Show this moment'}
        </Button>
      </form>
    </div>
  )
}
