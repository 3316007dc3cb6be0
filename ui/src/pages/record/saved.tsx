import { ActionIcon, Button, Checkbox, Popover, TextInput } from '@mantine/core'
import { trafficRoutes } from '@panoptes/contract'
import { IconBookmark, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { useAddress, windowOf } from '../../address/index.ts'
import { Failure } from '../../parts/index.ts'
import { useCall, useChange } from '../../platform/index.ts'
import { defaultShown } from './prepare-columns.tsx'
import classes from './record.module.css'

const refresh = [trafficRoutes.listSearches.operationId]

/** Saved searches: one's own and shared ones, and keeping what is asked now. */
export function SavedSearches() {
  const { address, set } = useAddress()
  const [opened, setOpened] = useState(false)
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const searches = useCall(trafficRoutes.listSearches, {}, { fresh: 30_000, enabled: opened })
  const create = useChange(trafficRoutes.createSearch, refresh, () => setName(''))
  const remove = useChange(trafficRoutes.deleteSearch, refresh)
  const keep = () => create.mutate({ body: { name, shared, query: address.q ?? '', ...windowOf(address), fields: address.fields?.split(',') ?? defaultShown } })
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={320} shadow="md" withArrow trapFocus>
      <Popover.Target>
        <Button size="xs" h={32} variant="default" leftSection={<IconBookmark size={14} />} onClick={() => setOpened((o) => !o)}>
          Saved
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={8}>
        {searches.data?.searches.length === 0 && <div className={classes.hint}>Nothing saved yet. Name what you ask now, to come back to it.</div>}
        <div className={classes.savedList}>
          {searches.data?.searches.map((s) => (
            <div key={s.id} className={classes.saved}>
              <button
                type="button"
                onClick={() => {
                  set({
                    q: s.query,
                    from: s.from,
                    to: s.to === 'now' ? undefined : s.to,
                    fields: s.fields.join() === defaultShown.join() ? undefined : s.fields.join(','),
                    open: undefined,
                  })
                  setOpened(false)
                }}
              >
                <strong>{s.name}</strong>
                {s.shared && <span className="dim"> shared</span>}
                <code>{s.query || 'everything'}</code>
              </button>
              <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Forget ${s.name}`} onClick={() => remove.mutate({ params: { id: s.id } })}>
                <IconTrash size={14} />
              </ActionIcon>
            </div>
          ))}
        </div>
        <form
          onSubmit={(e) => {
            e.preventDefault()
            if (name.trim()) keep()
          }}
          style={{ display: 'grid', gap: 8, padding: 4 }}
        >
          <TextInput size="xs" label="Save this search as" value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />
          <Checkbox size="xs" label="Share it with everyone here" checked={shared} onChange={(e) => setShared(e.currentTarget.checked)} />
          {(create.error ?? remove.error) && <Failure error={create.error ?? remove.error} />}
          <Button type="submit" size="xs" disabled={!name.trim()} loading={create.isPending}>
            Save
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}
