import { Select } from '@mantine/core'
import { type ReactNode, useCallback, useMemo } from 'react'
import { comparedMoments, momentMs, momentOf, useAddress } from '../../address/index.ts'
import { formatCount, formatTime } from '../../format/index.ts'
import { Card, Doubts, Empty, Failure, Page, Side, Status, Waiting } from '../../parts/index.ts'
import { DataTable } from '../../table/index.ts'
import { shownColumns } from './columns.tsx'
import classes from './inventory.module.css'
import type { Noun, Shown } from './noun.ts'
import { changeTones, doubtful } from './prepare-inventory.ts'
import { type Rows, useRows } from './use-rows.ts'

/** A page of the inventory: one kind of thing at one moment, or what differs between two, with the details of one beside it. */
export function InventoryPage<Row extends object>({ noun, tools }: { noun: Noun<Row>; tools?: ReactNode }) {
  const { address, set, utc } = useAddress()
  const found = useRows(noun)
  const compares = address.with !== undefined
  const at = momentOf(address)
  // Drawn anew with each answer, so that what is ago stays true.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new answer brings a new present
  const columns = useMemo(() => {
    const nowMs = momentMs(at, Date.now()) ?? Date.now()
    return shownColumns(noun.columns({ utc, nowMs }), noun.placeOf, compares)
  }, [noun, utc, compares, at, found.rows])
  const open = useCallback((shown: Shown<Row>) => set({ open: noun.keyOf(shown.row) }, { replace: true }), [set, noun])
  return (
    <Page title={noun.title} aside={<Headline found={found} noun={noun} />}>
      <DoubtsAbout found={found} />
      {found.error !== null && found.rows.length === 0 && <Failure error={found.error} retry={found.again} />}
      {found.waits && <Waiting what={noun.what} lines={12} />}
      {!found.waits && (found.error === null || found.rows.length > 0) && (
        <Card flush>
          <div className={classes.table}>
            <DataTable
              label={noun.title}
              rows={found.rows}
              columns={columns}
              rowKey={(s) => noun.keyOf(s.row)}
              onOpen={open}
              openKey={address.open ?? ''}
              firstSort={compares ? 'change' : noun.firstSort}
              rowTone={(s) => noun.tone?.(s.row)}
              tools={tools}
              empty={
                <Empty
                  title={
                    compares ? `No ${noun.what} differ between these moments` : address.text ? 'Nothing matches the filter' : `No ${noun.what} at this moment`
                  }
                >
                  {compares ? 'Nothing was added, removed or changed.' : noun.empty}
                </Empty>
              }
            />
          </div>
        </Card>
      )}
      <Side opened={address.open !== undefined} onClose={() => set({ open: undefined })} size={620} label={`One of ${noun.what}`}>
        {address.open !== undefined && <noun.Side key={address.open} open={address.open} />}
      </Side>
    </Page>
  )
}

function Headline<Row>({ found, noun }: { found: Rows<Row>; noun: Noun<Row> }) {
  const { address, utc } = useAddress()
  const moments = comparedMoments(address, Date.now())
  const time = (moment: string) => (moment === 'now' ? 'now' : moment.startsWith('-') ? `${moment.slice(1)} ago` : formatTime(moment, utc))
  if (moments) {
    return (
      <span className={classes.headline} role="status">
        {found.counts &&
          (['added', 'removed', 'changed'] as const).map((change) => (
            <Status key={change} tone={found.counts![change] ? changeTones[change] : 'none'}>
              {formatCount(found.counts![change])} {change}
            </Status>
          ))}
        <span className="dim">
          {time(moments.from)} → {time(moments.to)}
        </span>
      </span>
    )
  }
  if (!found.first) return null
  const at = momentOf(address)
  return (
    <span className={classes.headline} role="status">
      <span className="dim">
        {found.rows.length < found.first.total && found.rows.length > 0 && !address.cluster && !address.ns ? `${formatCount(found.rows.length)} of ` : ''}
        {formatCount(address.cluster || address.ns ? found.rows.length : found.first.total)} {address.span ? 'lives' : noun.what}
      </span>
      {at !== 'now' && <Status tone="warn">as of {formatTime(found.first.at, utc)}</Status>}
    </span>
  )
}

/** Clusters of which the record may not know all at this moment: said above what is shown. */
function DoubtsAbout<Row>({ found }: { found: Rows<Row> }) {
  const { utc } = useAddress()
  const doubts = doubtful(found.first?.clusters ?? [])
  if (doubts.length === 0) return null
  return (
    <Doubts>
      {doubts.slice(0, 4).map((doubt) => (
        <div key={`${doubt.cluster}${doubt.why}${doubt.from}`}>
          <strong>{doubt.cluster}</strong>: {doubt.why}
          {doubt.from && doubt.to && ` (${formatTime(doubt.from, utc)} to ${formatTime(doubt.to, utc)})`}
        </div>
      ))}
      {doubts.length > 4 && <div>and {doubts.length - 4} more</div>}
    </Doubts>
  )
}

/** A choice above a table that the address carries. */
export function Choice({
  label,
  value,
  data,
  onPick,
}: {
  label: string
  value: string
  data: { value: string; label: string }[]
  onPick: (value: string) => void
}) {
  return (
    <Select
      size="xs"
      w={170}
      aria-label={label}
      data={data}
      value={value}
      allowDeselect={false}
      searchable={data.length > 8}
      onChange={(picked) => picked !== null && onPick(picked)}
    />
  )
}
