import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Card, Failure, Page, Waiting } from '../../parts/index.ts'
import { DataTable, type TableColumn } from '../../table/index.ts'

interface Props<A, T> {
  title: string
  aside?: ReactNode
  lead?: ReactNode
  answer: UseQueryResult<A>
  rowsOf: (answer: A) => readonly T[]
  columns: readonly TableColumn<T>[]
  rowKey: (row: T) => string
  empty: ReactNode
  onOpen?: (row: T) => void
  openKey?: string
  rowTone?: (row: T) => 'bad' | 'warn' | undefined
  children?: ReactNode
}

/** A page of settings that is a list: title, what it is for, the one table. */
export function ListPage<A, T>({ title, aside, lead, answer, rowsOf, children, ...table }: Props<A, T>) {
  return (
    <Page title={title} aside={aside}>
      {lead && <div className="dim">{lead}</div>}
      {answer.error && !answer.data && <Failure error={answer.error} retry={() => void answer.refetch()} />}
      {!answer.data && !answer.error && <Waiting what={title.toLowerCase()} lines={8} />}
      {answer.data && (
        <Card flush>
          <div style={{ display: 'flex', height: `min(max(320px, calc(100dvh - 190px)), ${Math.max(230, 80 + rowsOf(answer.data).length * 42)}px)` }}>
            <DataTable label={title} rows={rowsOf(answer.data)} {...table} />
          </div>
        </Card>
      )}
      {children}
    </Page>
  )
}
