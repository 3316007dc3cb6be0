import { ActionIcon } from '@mantine/core'
import { IconChartDots3, IconListSearch } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type Address, keptAddress } from '../../address/index.ts'
import { formatAgo, formatTime } from '../../format/index.ts'
import { Status, type Tone } from '../../parts/index.ts'
import type { TableColumn } from '../../table/index.ts'
import type { Clock, Place, Shown } from './noun.ts'
import { accessesOf, changeTones } from './prepare-inventory.ts'

type More<T> = Partial<Omit<TableColumn<T>, 'id' | 'header' | 'value'>>

export const column = <T,>(id: string, header: string, value: TableColumn<T>['value'], more: More<T> = {}): TableColumn<T> => ({ id, header, value, ...more })

/** A status: its words sort and filter, its tone shows. */
export const stateColumn = <T,>(state: (row: T) => { words: string; tone: Tone }, more: More<T> = {}): TableColumn<T> => ({
  id: 'state',
  header: 'State',
  value: (row) => state(row).words,
  cell: (row) => (state(row).words ? <Status tone={state(row).tone}>{state(row).words}</Status> : '–'),
  width: 132,
  facet: true,
  ...more,
})

/** A moment: how long before the one shown, the time itself beside it on hover. */
export const timeColumn = <T,>(id: string, header: string, value: (row: T) => string | null, { utc, nowMs }: Clock, more: More<T> = {}): TableColumn<T> => ({
  id,
  header,
  value: (row) => value(row) ?? '',
  cell: (row) => {
    const at = value(row)
    return at ? <span title={formatTime(at, utc, 'ms')}>{formatAgo(at, nowMs)}</span> : '–'
  },
  width: 104,
  ...more,
})

/** The query as a search of the record or the map. */
const asked = (query: string) => ((now: Address) => ({ ...keptAddress(now), q: query })) as never

/** The columns of a noun, for rows that may be a difference, with the ways to map and record at the end. */
export function shownColumns<Row>(columns: readonly TableColumn<Row>[], placeOf: (row: Row) => Place, compares: boolean): TableColumn<Shown<Row>>[] {
  const change = column<Shown<Row>>('change', 'Change', (s) => s.change, {
    cell: (s) => s.change && <Status tone={changeTones[s.change]}>{s.change}</Status>,
    width: 100,
    facet: true,
  })
  const links = column<Shown<Row>>('links', 'Open', () => '', {
    cell: (s) => <RowLinks place={placeOf(s.row)} />,
    width: 72,
    fixed: true,
  })
  const wrapped = columns.map(
    ({ value, cell, ...rest }): TableColumn<Shown<Row>> => ({ ...rest, value: (s) => value(s.row), ...(cell ? { cell: (s) => cell(s.row) } : {}) }),
  )
  return [...(compares ? [change] : []), ...wrapped, links]
}

function RowLinks({ place }: { place: Place }) {
  const query = accessesOf(place)
  const name = place.pod ?? place.workload ?? place.service ?? place.node ?? place.namespace ?? ''
  if (!query) return null
  return (
    <span style={{ display: 'inline-flex', gap: 2 }}>
      {[
        { to: '/map', what: `${name} on the map`, Icon: IconChartDots3 },
        { to: '/record', what: `Accesses of ${name}`, Icon: IconListSearch },
      ].map(({ to, what, Icon }) => (
        <ActionIcon
          key={to}
          component={Link}
          to={to}
          search={asked(query)}
          variant="subtle"
          color="gray"
          size={22}
          title={what}
          aria-label={what}
          onClick={(event) => event.stopPropagation()}
        >
          <Icon size={15} />
        </ActionIcon>
      ))}
    </span>
  )
}
