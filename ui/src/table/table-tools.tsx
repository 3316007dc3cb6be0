import { ActionIcon, Checkbox, Menu, Popover, SegmentedControl, TextInput, Tooltip } from '@mantine/core'
import { IconAdjustmentsHorizontal, IconDownload, IconFilter, IconSearch } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useAddress } from '../address/index.ts'
import { formatCount } from '../format/index.ts'
import classes from './data-table.module.css'
import { facetOf, type TableColumn, toCsv, toggleToken } from './prepare-table.ts'
import { SavedViews } from './saved-views.tsx'

interface Props<T> {
  label: string
  columns: readonly TableColumn<T>[]
  visible: readonly TableColumn<T>[]
  rows: readonly T[]
  found: readonly T[]
  sorted: readonly T[]
  served: boolean
  chooseColumns: boolean
  tools?: ReactNode
}

/** Saves a text as a file of the reader's. */
export function save(name: string, type: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000)
}

/** The line above a table: filter, facets, count, columns and density, export. */
export function TableTools<T>({ label, columns, visible, rows, found, sorted, served, chooseColumns, tools }: Props<T>) {
  const { address, set } = useAddress()
  const text = address.text ?? ''
  const columnsOf = (id: string, on: boolean) => {
    const ids = columns.filter((c) => (c.id === id ? on : visible.includes(c))).map((c) => c.id)
    set({ columns: ids.join(',') }, { replace: true })
  }
  return (
    <div className={classes.tools}>
      {!served && (
        <TextInput
          size="xs"
          className={classes.filter}
          leftSection={<IconSearch size={14} />}
          placeholder="Filter: words, column:value, -not"
          aria-label={`Filter ${label}`}
          value={text}
          onChange={(event) => set({ text: event.currentTarget.value }, { replace: true })}
        />
      )}
      {!served &&
        columns
          .filter((c) => c.facet)
          .map((c) => (
            <Menu key={c.id} position="bottom-start" closeOnItemClick={false}>
              <Menu.Target>
                <button type="button" className={classes.facet} data-on={text.includes(`${c.id}:`) || undefined}>
                  <IconFilter size={13} aria-hidden /> {c.header}
                </button>
              </Menu.Target>
              <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
                {facetOf(rows, c)
                  .slice(0, 50)
                  .map(({ value, count }) => (
                    <Menu.Item
                      key={value}
                      onClick={() => set({ text: toggleToken(text, c.id, value) }, { replace: true })}
                      rightSection={<span className="dim">{formatCount(count)}</span>}
                    >
                      {value || '(none)'}
                    </Menu.Item>
                  ))}
              </Menu.Dropdown>
            </Menu>
          ))}
      {tools}
      <span className={classes.count}>
        {!served && (found.length === rows.length ? formatCount(rows.length) : `${formatCount(found.length)} of ${formatCount(rows.length)}`)}
      </span>
      {!served && <SavedViews label={label} />}
      <Popover position="bottom-end" shadow="md" withArrow trapFocus>
        <Popover.Target>
          <Tooltip label="Columns and density" withArrow>
            <ActionIcon variant="subtle" color="gray" aria-label={`Columns and density of ${label}`}>
              <IconAdjustmentsHorizontal size={16} />
            </ActionIcon>
          </Tooltip>
        </Popover.Target>
        <Popover.Dropdown>
          <SegmentedControl
            size="xs"
            fullWidth
            aria-label="Density"
            value={address.density ?? 'normal'}
            onChange={(density) => set({ density: density === 'normal' ? undefined : density }, { replace: true })}
            data={['compact', 'normal', 'roomy']}
          />
          {chooseColumns && (
            <div className={classes.columns}>
              {columns.map((c) => (
                <Checkbox key={c.id} size="xs" label={c.header} checked={visible.includes(c)} onChange={(e) => columnsOf(c.id, e.currentTarget.checked)} />
              ))}
            </div>
          )}
        </Popover.Dropdown>
      </Popover>
      {!served && (
        <Tooltip label="Save what is shown as CSV" withArrow>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Save ${label} as CSV`}
            onClick={() => save(`${label.toLowerCase().replace(/\W+/g, '-')}.csv`, 'text/csv', toCsv(sorted, visible))}
          >
            <IconDownload size={16} />
          </ActionIcon>
        </Tooltip>
      )}
    </div>
  )
}
