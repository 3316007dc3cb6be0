import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { comparedMoments, momentMs, momentOf, useAddress } from '../../address/index.ts'
import type { Ask, Change, Noun, RowPage, Shown } from './noun.ts'
import { compareRows, inScope, onlyOne } from './prepare-inventory.ts'

/** Rows of one answer. */
export const pageSize = 1_000
/** A table holds no more: the scope makes the question smaller. */
const most = 50_000

export const spans = [
  { value: '', label: 'At this moment' },
  { value: '1h', label: 'Lives of 1 hour' },
  { value: '24h', label: 'Lives of 1 day' },
  { value: '7d', label: 'Lives of 7 days' },
  { value: '400d', label: 'All lives' },
]

/** What the address asks of the inventory. */
function useAsk(): Ask {
  const { address } = useAddress()
  const at = momentOf(address)
  const back = address.span ? (momentMs(at, Date.now()) ?? Date.now()) + (momentMs(`-${address.span}`, 0) ?? 0) : undefined
  // By the minute, so that a page that is drawn again asks nothing new.
  const from = back === undefined ? undefined : new Date(Math.floor(back / 60_000) * 60_000).toISOString()
  const { env, cluster, ns, origin, kind } = address
  return useMemo(
    () => ({
      at,
      from,
      kind,
      environment: env,
      cluster: onlyOne(cluster),
      namespace: onlyOne(ns),
      origin: origin === 'user' || origin === 'demo' ? origin : 'all',
    }),
    [at, from, kind, env, cluster, ns, origin],
  )
}

export interface Rows<Row> {
  rows: Shown<Row>[]
  total: number
  first: RowPage<Row> | undefined
  counts: Record<Change, number> | undefined
  error: unknown
  waits: boolean
  again: () => void
}

/** The rows of a page: those of one moment, page after page until all are there, or what two moments differ in. */
export function useRows<Row extends object>(noun: Noun<Row>): Rows<Row> {
  const { address } = useAddress()
  const ask = useAsk()
  const moments = comparedMoments(address, Date.now())
  const live = ask.at === 'now'
  const list = useInfiniteQuery({
    queryKey: ['inventory', noun.title, ask],
    queryFn: ({ pageParam, signal }) => noun.page(ask, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last, pages) => (pages.length * pageSize < most ? (last.next ?? undefined) : undefined),
    enabled: moments === undefined,
    placeholderData: keepPreviousData,
    // Each page after the first is asked again too: a large list less often.
    refetchInterval: (query) => live && ((query.state.data?.pages.length ?? 1) < 3 ? 5_000 : 60_000),
  })
  const comparison = useQuery({
    queryKey: ['inventory difference', noun.title, ask, moments],
    queryFn: ({ signal }) => noun.compare(ask, moments!, signal),
    enabled: moments !== undefined,
    placeholderData: keepPreviousData,
  })
  const { hasNextPage, isFetching, fetchNextPage } = list
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage()
  }, [hasNextPage, isFetching, fetchNextPage])
  const compares = moments !== undefined
  const { cluster, ns } = address
  const rows = useMemo((): Shown<Row>[] => {
    const all = compares ? (comparison.data?.rows ?? []) : (list.data?.pages.flatMap((page) => page.rows.map((row) => ({ row }))) ?? [])
    return all.filter(({ row }) => inScope({ cluster, ns }, row))
  }, [list.data, comparison.data, compares, cluster, ns])
  const asked = moments ? comparison : list
  return {
    rows,
    total: list.data?.pages[0]?.total ?? 0,
    first: moments ? undefined : list.data?.pages[0],
    counts: moments && comparison.data?.counts,
    error: asked.error,
    waits: !asked.data && !asked.error,
    again: () => void asked.refetch(),
  }
}

/** A way to compare lists at two moments, for what the server does not compare itself. */
export function comparing<Row>(page: Noun<Row>['page'], slotOf: (row: Row) => string, stampOf: (row: Row) => string): Noun<Row>['compare'] {
  const all = async (ask: Ask, signal: AbortSignal) => {
    const rows: Row[] = []
    let cursor: string | undefined
    do {
      const found = await page(ask, cursor, signal)
      rows.push(...found.rows)
      cursor = found.next ?? undefined
    } while (cursor && rows.length < most)
    return rows
  }
  return async ({ from: _, ...ask }, moments, signal) => {
    const [before, after] = await Promise.all([moments.from, moments.to].map((at) => all({ ...ask, at }, signal)))
    return compareRows(before!, after!, slotOf, stampOf)
  }
}
