import { SegmentedControl } from '@mantine/core'
import { type DecisionRow, inventoryRoutes } from '@panoptes/contract'
import { IconShieldCheck } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { clockOf, questionOf, useAddress } from '../../address/index.ts'
import { formatDuration, formatTime } from '../../format/index.ts'
import { Card, Empty, Failure, Page, Side, Status, Waiting } from '../../parts/index.ts'
import { client } from '../../platform/index.ts'
import { DataTable, type TableColumn } from '../../table/index.ts'
import classes from './admission.module.css'
import { DecisionSide } from './decision-side.tsx'
import { inScope, keyOf, ruleWords, verdictTones } from './prepare-admission.ts'

const verdicts = ['denied', 'warned', 'allowed'] as const

/** What admission was asked and what it answered, newest first, in the window of the page. */
export function AdmissionPage() {
  const { address, set, utc } = useAddress()
  const { from, to, environment, origin } = questionOf(address)
  const verdict = verdicts.find((one) => one === address.view)
  // The API takes one of each; of several the page itself shows only these.
  const one = (list: string | undefined) => (list && !list.includes(',') ? list : undefined)
  const question = { from, to, environment, origin, verdict, cluster: one(address.cluster), namespace: one(address.ns), limit: 500 }
  const answer = useInfiniteQuery({
    queryKey: [inventoryRoutes.listDecisions.operationId, question],
    queryFn: ({ pageParam, signal }) => client.call(inventoryRoutes.listDecisions, { query: { ...question, cursor: pageParam || undefined }, signal }),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: clockOf(address) === 'live' && 10_000,
  })
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = answer
  const rows = useMemo(
    () => answer.data?.pages.flatMap((page) => page.decisions).filter((decision) => inScope(decision, address)) ?? [],
    [answer.data, address],
  )
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const columns = useMemo(
    (): TableColumn<DecisionRow>[] => [
      { id: 'at', header: 'Time', value: (d) => d.at, cell: (d) => formatTime(d.at, utc), width: 170, mono: true },
      {
        id: 'verdict',
        header: 'Verdict',
        value: (d) => d.verdict,
        cell: (d) => <Status tone={verdictTones[d.verdict]}>{d.verdict}</Status>,
        width: 96,
        facet: true,
      },
      { id: 'cluster', header: 'Cluster', value: (d) => d.cluster, width: 110, facet: true },
      { id: 'namespace', header: 'Namespace', value: (d) => d.namespace, width: 120, facet: true },
      { id: 'name', header: 'Name', value: (d) => d.name, width: 170, grow: true },
      { id: 'image', header: 'Image', value: (d) => d.image || d.images.join(' '), width: 240, grow: true, mono: true },
      { id: 'reason', header: 'Reason', value: (d) => d.reason, width: 150, facet: true },
      { id: 'user', header: 'By', value: (d) => d.user, width: 180, grow: true, facet: true },
      { id: 'owner', header: 'Owner', value: (d) => d.owner, width: 170, optional: true },
      { id: 'rule', header: 'Rule', value: ruleWords, width: 200, optional: true },
      { id: 'operation', header: 'Operation', value: (d) => d.operation, width: 100, facet: true, optional: true },
      { id: 'dryRun', header: 'Dry run', value: (d) => d.dryRun, cell: (d) => (d.dryRun ? 'yes' : 'no'), width: 80, optional: true },
      { id: 'took', header: 'Took', value: (d) => d.tookUs, cell: (d) => formatDuration(d.tookUs), align: 'right', width: 80, optional: true },
    ],
    [utc],
  )
  const open = rows.find((decision) => keyOf(decision) === address.open)
  return (
    <Page
      title="Admission"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="Verdict"
          value={verdict ?? 'all'}
          onChange={(view) => set({ view: view === 'all' ? undefined : view, open: undefined })}
          data={[{ value: 'all', label: 'All' }, ...verdicts.map((value) => ({ value, label: value[0]!.toUpperCase() + value.slice(1) }))]}
        />
      }
    >
      {answer.error && !answer.data && <Failure error={answer.error} retry={() => void answer.refetch()} />}
      {!answer.data && !answer.error && <Waiting what="decisions" lines={12} />}
      {answer.data && (
        <Card flush>
          <div className={classes.table}>
            <DataTable
              label="Decisions"
              rows={rows}
              columns={columns}
              rowKey={keyOf}
              onOpen={(decision) => set({ open: keyOf(decision) }, { replace: true })}
              openKey={address.open ?? ''}
              onEnd={onEnd}
              rowTone={(decision) => (decision.verdict === 'denied' ? 'bad' : decision.verdict === 'warned' ? 'warn' : undefined)}
              empty={
                <Empty icon={<IconShieldCheck size={28} stroke={1.4} />} title={verdict ? `Nothing was ${verdict} in this window` : 'No review in this window'}>
                  Every review of a pod is kept here, whatever the verdict, once a cluster's controller has the role admission: panoptes cluster update NAME
                  --role admission. A longer window shows older ones.
                </Empty>
              }
            />
          </div>
        </Card>
      )}
      <Side opened={open !== undefined} onClose={() => set({ open: undefined })} size={460} label="One decision">
        {open && <DecisionSide decision={open} />}
      </Side>
    </Page>
  )
}
