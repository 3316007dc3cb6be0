// biome-ignore-all lint/a11y/useSemanticElements: rows are virtual, which table elements cannot be
import { columnVisibilityFeature, createSortedRowModel, rowSortingFeature, tableFeatures, useTable } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { useAddress } from '../address/index.ts'
import classes from './data-table.module.css'
import { type Cell, compareCells, nextSort, passes, readFilter, readSort, type TableColumn } from './prepare-table.ts'
import { TableTools } from './table-tools.tsx'

const features = tableFeatures({ columnVisibilityFeature, rowSortingFeature, sortedRowModel: createSortedRowModel() })
const heights: Record<string, number> = { compact: 26, normal: 32, roomy: 40 }

export interface DataTableProps<T> {
  /** Says what the rows are, to people who cannot see them, and names the exported file. */
  label: string
  rows: readonly T[]
  columns: readonly TableColumn<T>[]
  rowKey: (row: T) => string
  /** Opens the details of a row: click, or Enter. */
  onOpen?: (row: T) => void
  openKey?: string
  empty?: ReactNode
  /** The order before anybody chooses one: `column` or `-column`. */
  firstSort?: string
  /** Rows come filtered and sorted by the server: the table offers neither, nor its own export. */
  served?: boolean
  /** Asked for when the last rows come into view. */
  onEnd?: () => void
  tools?: ReactNode
  /** Columns shown, where the page decides; else the address does. */
  shown?: readonly string[]
  /** Least height before it scrolls by itself; the rest of the page unless told. */
  height?: number | string
  rowTone?: (row: T) => 'bad' | 'warn' | undefined
}

/** The one table of the console: filter, facets, columns, sort, density, keyboard, thousands of rows, export of what is shown. */
export function DataTable<T>(props: DataTableProps<T>) {
  const { rows, columns, rowKey, onOpen, onEnd, served = false } = props
  const { address, set } = useAddress()
  const tokens = useMemo(() => readFilter(address.text ?? ''), [address.text])
  const data = useMemo(() => (served || tokens.length === 0 ? [...rows] : rows.filter((row) => passes(row, columns, tokens))), [rows, columns, tokens, served])
  const chosen = props.shown ?? address.columns?.split(',')
  const visible = useMemo(() => columns.filter((c) => (chosen ? chosen.includes(c.id) : !c.optional)), [columns, chosen])
  const definitions = useMemo(
    () =>
      columns.map((c) => ({
        id: c.id,
        accessorFn: (row: T) => c.value(row),
        header: c.header,
        sortUndefined: false as const,
        sortFn: (a: { getValue: (id: string) => unknown }, b: { getValue: (id: string) => unknown }, id: string) =>
          compareCells(a.getValue(id) as Cell, b.getValue(id) as Cell),
      })),
    [columns],
  )
  const table = useTable({
    features,
    data: data as object[],
    columns: definitions as never,
    manualSorting: served,
    state: {
      sorting: served ? [] : readSort(address.sort ?? props.firstSort),
      columnVisibility: Object.fromEntries(columns.map((c) => [c.id, visible.includes(c)])),
    },
  })
  const sorted = table.getRowModel().rows
  const [cursor, setCursor] = useState<number>(-1)
  const scroller = useRef<HTMLDivElement>(null)
  const height = heights[address.density ?? 'normal'] ?? 32
  const virtual = useVirtualizer({ count: sorted.length, getScrollElement: () => scroller.current, estimateSize: () => height, overscan: 12 })
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new density changes every row
  useEffect(() => virtual.measure(), [height])
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (onEnd && sorted.length > 0 && last >= sorted.length - 15) onEnd()
  }, [last, sorted.length, onEnd])

  const open = (index: number) => {
    const row = sorted[index]
    if (row && onOpen) onOpen(row.original as T)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // Keys of a button within a row are its own.
    if (event.target !== event.currentTarget) return
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / height) - 2)
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }
    const move = moves[event.key]
    if (event.key === 'Enter') open(cursor)
    else if (move === undefined) return
    else {
      const next = Math.max(0, Math.min(sorted.length - 1, cursor + move))
      setCursor(next)
      virtual.scrollToIndex(next)
      if (props.openKey !== undefined && onOpen) open(next)
    }
    event.preventDefault()
  }
  const template = visible.map((c) => (c.grow ? `minmax(${c.width ?? 160}px, 1fr)` : `${c.width ?? 120}px`)).join(' ')
  const grows = visible.some((c) => c.grow)
  const width = visible.reduce((sum, c) => sum + (c.width ?? (c.grow ? 160 : 120)), 0)
  const numeric = (c: TableColumn<T>) => c.align === 'right'
  const sort = readSort(address.sort ?? props.firstSort)[0]
  const prefix = `row-${props.label.replace(/\W/g, '')}-`
  return (
    <div className={classes.box}>
      <TableTools
        label={props.label}
        columns={columns}
        visible={visible}
        rows={rows}
        found={data}
        sorted={sorted.map((r) => r.original as T)}
        served={served}
        chooseColumns={!props.shown}
        tools={props.tools}
      />
      <div
        ref={scroller}
        className={classes.scroller}
        style={{ maxHeight: props.height }}
        role="grid"
        aria-label={props.label}
        aria-rowcount={sorted.length + 1}
        aria-colcount={visible.length}
        aria-activedescendant={cursor >= 0 ? `${prefix}${cursor}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
        data-density={address.density ?? 'normal'}
      >
        <div
          className={classes.head}
          role="row"
          tabIndex={-1}
          aria-rowindex={1}
          style={{ gridTemplateColumns: grows ? template : `${template} 1fr`, minWidth: width }}
        >
          {visible.map((c) => (
            <div
              key={c.id}
              role="columnheader"
              className={classes.headCell}
              data-right={numeric(c) || undefined}
              aria-sort={sort?.id === c.id ? (sort.desc ? 'descending' : 'ascending') : undefined}
              tabIndex={-1}
            >
              {served || c.fixed ? (
                c.header
              ) : (
                <button type="button" onClick={() => set({ sort: nextSort(address.sort, c.id, numeric(c)) }, { replace: true })}>
                  {c.header}
                  <span aria-hidden>{sort?.id === c.id ? (sort.desc ? ' ↓' : ' ↑') : ''}</span>
                </button>
              )}
            </div>
          ))}
        </div>
        {sorted.length === 0 && (
          <div role="row" tabIndex={-1}>
            <div role="gridcell" tabIndex={-1}>
              {props.empty ?? <div className={classes.none}>Nothing matches.</div>}
            </div>
          </div>
        )}
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative', minWidth: width }}>
          {items.map((item) => {
            const row = sorted[item.index]!.original as T
            const key = rowKey(row)
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the grid itself takes the keys
              <div
                key={key}
                id={`${prefix}${item.index}`}
                role="row"
                tabIndex={-1}
                aria-rowindex={item.index + 2}
                aria-selected={key === props.openKey}
                className={classes.row}
                data-cursor={item.index === cursor || undefined}
                data-opens={onOpen ? true : undefined}
                data-tone={props.rowTone?.(row)}
                style={{ height, transform: `translateY(${item.start}px)`, gridTemplateColumns: grows ? template : `${template} 1fr` }}
                onClick={() => {
                  setCursor(item.index)
                  open(item.index)
                }}
              >
                {visible.map((c) => (
                  <div key={c.id} role="gridcell" tabIndex={-1} className={classes.cell} data-right={numeric(c) || undefined} data-mono={c.mono || undefined}>
                    {c.cell ? c.cell(row) : String(c.value(row) ?? '')}
                  </div>
                ))}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}
