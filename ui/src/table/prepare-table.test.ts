import { describe, expect, it } from 'vitest'
import { compareCells, facetOf, nextSort, passes, readFilter, type TableColumn, toCsv, toggleToken } from './prepare-table.ts'

interface Row {
  name: string
  state: string
  n: number | null
}
const columns: TableColumn<Row>[] = [
  { id: 'name', header: 'Name', value: (r) => r.name },
  { id: 'state', header: 'State', value: (r) => r.state, facet: true },
  { id: 'n', header: 'Count', value: (r) => r.n },
]
const rows: Row[] = [
  { name: 'payments', state: 'live', n: 3 },
  { name: '=cmd()', state: 'silent', n: null },
  { name: 'a "b", c', state: 'live', n: 10 },
]
const names = (text: string) => rows.filter((r) => passes(r, columns, readFilter(text))).map((r) => r.name)

describe('the filter', () => {
  it('takes words and column:value', () => {
    expect(names('PAY')).toEqual(['payments'])
    expect(names('state:live')).toEqual(['payments', 'a "b", c'])
    expect(names('state:live -pay')).toEqual(['a "b", c'])
    expect(names('other:live')).toEqual([])
    expect(names('')).toHaveLength(3)
  })
  it('toggles a value', () => {
    expect(toggleToken('pay', 'state', 'live')).toBe('pay state:live')
    expect(toggleToken('pay state:live', 'state', 'live')).toBe('pay')
    expect(toggleToken('', 'state', 'not yet')).toBe('state:"not yet"')
  })
  it('counts values', () => {
    expect(facetOf(rows, columns[1]!)).toEqual([
      { value: 'live', count: 2 },
      { value: 'silent', count: 1 },
    ])
  })
})

it('sorts numbers as numbers and nothing last', () => {
  expect([10, null, 3].sort(compareCells)).toEqual([3, 10, null])
  expect(['a10', 'a9', ''].sort(compareCells)).toEqual(['a9', 'a10', ''])
  expect([undefined, 'n', '-n'].map((now) => nextSort(now, 'n', false))).toEqual(['n', '-n', undefined])
})

it('exports safely', () => {
  expect(toCsv(rows, columns)).toBe('Name,State,Count\r\npayments,live,3\r\n\'=cmd(),silent,\r\n"a ""b"", c",live,10')
})
