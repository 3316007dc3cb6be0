import { Button, Checkbox, Popover, TextInput } from '@mantine/core'
import { IconColumns3 } from '@tabler/icons-react'
import { useState } from 'react'
import { useAddress } from '../../address/index.ts'
import { accessTableColumns, defaultShown } from './prepare-columns.tsx'
import classes from './record.module.css'

const all = accessTableColumns(true)

/** Chooses which of the many fields are columns; the choice is in the address. */
export function ColumnChooser({ shown }: { shown: readonly string[] }) {
  const { set } = useAddress()
  const [text, setText] = useState('')
  const toggle = (id: string) => {
    const next = shown.includes(id) ? shown.filter((f) => f !== id) : [...shown, id]
    const ordered = all.map((c) => c.id).filter((f) => next.includes(f))
    set({ fields: ordered.join() === defaultShown.join() || ordered.length === 0 ? undefined : ordered.join(',') }, { replace: true })
  }
  return (
    <Popover position="bottom-start" shadow="md" withArrow trapFocus>
      <Popover.Target>
        <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconColumns3 size={14} />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <TextInput
          size="xs"
          placeholder="Find a field"
          aria-label="Find a field"
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
          data-autofocus
        />
        <div className={classes.chooser}>
          {all
            .filter((c) => c.id.includes(text.toLowerCase()) || c.header.toLowerCase().includes(text.toLowerCase()))
            .map((c) => (
              <Checkbox key={c.id} size="xs" label={c.header} checked={shown.includes(c.id)} onChange={() => toggle(c.id)} />
            ))}
        </div>
        <Button size="compact-xs" variant="subtle" mt={6} onClick={() => set({ fields: undefined }, { replace: true })}>
          Back to the usual
        </Button>
      </Popover.Dropdown>
    </Popover>
  )
}
