import { type Access, trafficRoutes } from '@panoptes/contract'
import { IconListSearch } from '@tabler/icons-react'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { clockOf, questionOf, useAddress } from '../../address/index.ts'
import { formatCount } from '../../format/index.ts'
import { Empty, Failure, Waiting } from '../../parts/index.ts'
import { client } from '../../platform/index.ts'
import { DataTable } from '../../table/index.ts'
import { ColumnChooser } from './column-chooser.tsx'
import { toneOf } from './prepare-access.ts'
import { accessTableColumns, fieldsFor } from './prepare-columns.tsx'
import classes from './record.module.css'

const pageSize = 200

/** Matching accesses, page after page as the reader scrolls. */
export function Results({ shown, onOpen }: { shown: readonly string[]; onOpen: (id: string) => void }) {
  const { address, set, utc } = useAddress()
  const question = questionOf(address)
  const order = address.order === 'oldest' ? 'oldest' : 'newest'
  const fields = fieldsFor(shown)
  const search = useInfiniteQuery({
    queryKey: [trafficRoutes.searchAccesses.operationId, question, order, fields],
    queryFn: ({ pageParam, signal }) =>
      client.call(trafficRoutes.searchAccesses, { query: { ...question, order, fields, limit: pageSize, cursor: pageParam || undefined }, signal }),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: clockOf(address) === 'live' ? 5_000 : 60_000,
  })
  const rows = useMemo(() => search.data?.pages.flatMap((p) => p.accesses as Access[]) ?? [], [search.data])
  const columns = useMemo(() => accessTableColumns(utc), [utc])
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = search
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const open = useCallback((row: Access) => onOpen(row.id), [onOpen])
  if (search.error && !search.data) {
    return (
      <div className={classes.results}>
        <div style={{ padding: 12 }}>
          <Failure error={search.error} retry={() => void search.refetch()} />
        </div>
      </div>
    )
  }
  if (!search.data) return <Waiting what="accesses" lines={12} />
  const page = search.data.pages.at(-1)
  return (
    <div className={classes.results}>
      <DataTable
        label="Accesses"
        rows={rows}
        columns={columns}
        shown={shown}
        rowKey={rowId}
        onOpen={open}
        openKey={address.open ?? ''}
        served
        onEnd={onEnd}
        rowTone={toneOf}
        tools={
          <>
            <ColumnChooser shown={shown} />
            <button type="button" className={classes.order} onClick={() => set({ order: order === 'newest' ? 'oldest' : undefined }, { replace: true })}>
              {order === 'newest' ? 'Newest first ↓' : 'Oldest first ↑'}
            </button>
            <span className="dim" role="status">
              {formatCount(rows.length)}
              {hasNextPage ? '+' : ''} accesses · {Math.round(page?.tookMs ?? 0)} ms
            </span>
          </>
        }
        empty={
          <Empty icon={<IconListSearch size={28} stroke={1.4} />} title="No access matches in this window">
            Widen the time window above, loosen the query, or look at <a href="/sources">Sources</a> to see what reports. Every access that a proxy reports
            appears here within seconds.
          </Empty>
        }
      />
    </div>
  )
}

const rowId = (row: Access) => row.id
