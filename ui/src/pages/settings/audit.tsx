import { type AuditEntry, accessRoutes } from '@panoptes/contract'
import { IconScript } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { useAddress } from '../../address/index.ts'
import { formatTime } from '../../format/index.ts'
import { Card, Empty, Failure, Page, Side, SideBody, Status, type Tone, Waiting } from '../../parts/index.ts'
import { client } from '../../platform/index.ts'
import { DataTable, type TableColumn } from '../../table/index.ts'
import classes from './settings.module.css'

const tones: Record<AuditEntry['result'], Tone> = { done: 'ok', refused: 'warn', failed: 'bad' }

/** Every change: who, what, when, from where, before and after. */
export function Audit() {
  const { address, set, utc } = useAddress()
  const answer = useInfiniteQuery({
    queryKey: [accessRoutes.listAudit.operationId],
    queryFn: ({ pageParam, signal }) => client.call(accessRoutes.listAudit, { query: { limit: 500, cursor: pageParam || undefined }, signal }),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
  })
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = answer
  const rows = useMemo(() => answer.data?.pages.flatMap((p) => p.entries) ?? [], [answer.data])
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const columns = useMemo(
    (): TableColumn<AuditEntry>[] => [
      { id: 'at', header: 'Time', value: (e) => e.at, cell: (e) => formatTime(e.at, utc), width: 170, mono: true },
      {
        id: 'result',
        header: 'Result',
        value: (e) => e.result,
        cell: (e) => <Status tone={tones[e.result]}>{e.code ?? e.result}</Status>,
        width: 100,
        facet: true,
      },
      { id: 'actor', header: 'Who', value: (e) => e.actor.name, width: 170, grow: true, facet: true },
      { id: 'kind', header: 'As', value: (e) => e.actor.kind, width: 90, facet: true },
      { id: 'action', header: 'Action', value: (e) => e.action, width: 180, grow: true, facet: true },
      { id: 'target', header: 'Target', value: (e) => e.target, width: 200, grow: true, mono: true },
      { id: 'from', header: 'From', value: (e) => e.from, width: 120 },
      { id: 'request', header: 'Request', value: (e) => e.requestId, width: 260, mono: true, optional: true },
    ],
    [utc],
  )
  const open = rows.find((e) => e.id === address.open)
  return (
    <Page title="Audit log">
      {answer.error && !answer.data && <Failure error={answer.error} />}
      {!answer.data && !answer.error && <Waiting what="the audit log" lines={12} />}
      {answer.data && (
        <Card flush>
          <div style={{ display: 'flex', height: 'max(320px, calc(100dvh - 150px))' }}>
            <DataTable
              label="Audit log"
              rows={rows}
              columns={columns}
              rowKey={(e) => e.id}
              onOpen={(e) => set({ open: e.id }, { replace: true })}
              openKey={address.open ?? ''}
              onEnd={onEnd}
              empty={
                <Empty icon={<IconScript size={28} stroke={1.4} />} title="No change matches">
                  Every sign-in and every change of settings, users, tokens and controllers is kept here.
                </Empty>
              }
            />
          </div>
        </Card>
      )}
      <Side opened={open !== undefined} onClose={() => set({ open: undefined })} size={460} label="One change">
        {open && (
          <SideBody title={open.action} onClose={() => set({ open: undefined })}>
            <div>
              {open.actor.name} ({open.actor.kind}), {formatTime(open.at, utc)}, from {open.from}
            </div>
            <Values title="Target" values={{ target: open.target }} />
            {open.before && <Values title="Before" values={open.before} />}
            {open.after && <Values title="After" values={open.after} />}
            <Values title="Request" values={{ result: open.result, code: open.code, requestId: open.requestId, userAgent: open.userAgent }} />
          </SideBody>
        )}
      </Side>
    </Page>
  )
}

function Values({ title, values }: { title: string; values: Record<string, unknown> }) {
  return (
    <section className={classes.section}>
      <h3>{title}</h3>
      <dl className={classes.values}>
        {Object.entries(values).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="mono">{Array.isArray(value) ? value.join(', ') : String(value ?? '–')}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
