import { ActionIcon, Button, Popover, TextInput, Tooltip } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { IconBookmark, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { type Address, useAddress } from '../address/index.ts'
import classes from './data-table.module.css'

/** What a view keeps: how the table is asked and shown, not the moment nor the part of the whole. */
const keptKeys = ['text', 'sort', 'columns', 'density', 'span', 'kind'] as const
interface View {
  name: string
  address: Address
}

/** Ways of looking at one table, kept by name in this browser. */
export function SavedViews({ label }: { label: string }) {
  const { address, set } = useAddress()
  const [views, setViews] = useLocalStorage<View[]>({ key: `panoptes views ${label}`, defaultValue: [] })
  const [opened, setOpened] = useState(false)
  const [name, setName] = useState('')
  const keep = () => {
    const now: Address = Object.fromEntries(keptKeys.map((key) => [key, address[key]]))
    setViews([...views.filter((view) => view.name !== name.trim()), { name: name.trim(), address: now }])
    setName('')
  }
  const show = (view: View) => {
    set(Object.fromEntries(keptKeys.map((key) => [key, view.address[key]])))
    setOpened(false)
  }
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={280} shadow="md" withArrow trapFocus>
      <Popover.Target>
        <Tooltip label="Saved views" withArrow>
          <ActionIcon variant="subtle" color="gray" aria-label={`Saved views of ${label}`} onClick={() => setOpened((o) => !o)}>
            <IconBookmark size={16} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p={8}>
        {views.length === 0 && <div className="dim">Filter, sort and columns can be kept under a name, in this browser.</div>}
        {views.map((view) => (
          <div key={view.name} className={classes.view}>
            <button type="button" onClick={() => show(view)}>
              {view.name}
            </button>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Forget ${view.name}`} onClick={() => setViews(views.filter((v) => v !== view))}>
              <IconTrash size={14} />
            </ActionIcon>
          </div>
        ))}
        <form
          className={classes.viewForm}
          onSubmit={(event) => {
            event.preventDefault()
            if (name.trim()) keep()
          }}
        >
          <TextInput
            size="xs"
            aria-label="Name of this view"
            placeholder="Name of this view"
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
            data-autofocus
          />
          <Button type="submit" size="xs" disabled={!name.trim()}>
            Keep
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
