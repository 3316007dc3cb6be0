import { Button } from '@mantine/core'
import { describeRule, type Environment, type EnvironmentCounts, environmentRoutes } from '@panoptes/contract'
import { IconPlus, IconStack2 } from '@tabler/icons-react'
import { useMemo } from 'react'
import { comparedMoments, momentOf, useAddress } from '../../address/index.ts'
import { formatCount, formatTime } from '../../format/index.ts'
import { Card, Empty, Failure, Page, Status, Waiting } from '../../parts/index.ts'
import { useCall, useMay } from '../../platform/index.ts'
import { DataTable, type TableColumn } from '../../table/index.ts'
import { EnvironmentForm } from './environment-form.tsx'
import { EnvironmentSide } from './environment-side.tsx'
import classes from './environments.module.css'
import { Swatch } from './swatch.tsx'

type Counted = Environment & { counts: EnvironmentCounts }

/** Environments: namespaces of any clusters under one name, with how much belongs to each at the moment of the page. */
export function EnvironmentsPage() {
  const { address, set, utc } = useAddress()
  const may = useMay('settings:write')
  const moments = comparedMoments(address, Date.now())
  const at = moments?.to ?? momentOf(address)
  const origin = address.origin === 'user' || address.origin === 'demo' ? address.origin : 'all'
  const answer = useCall(environmentRoutes.listEnvironments, { query: { at, origin, limit: 1_000 } }, { every: at === 'now' && 10_000 })
  const before = useCall(environmentRoutes.listEnvironments, { query: { at: moments?.from, origin, limit: 1_000 } }, { enabled: moments !== undefined })
  const environments = answer.data?.environments ?? []
  const opened = environments.find(({ id, name }) => name === address.open || id === address.open)
  const editing = address.view === 'edit' && opened !== undefined
  const form = address.view === 'new' || editing
  const make = () => set({ view: 'new', open: undefined })
  return (
    <Page
      title={editing ? `Edit ${opened.name}` : form ? 'Make an environment' : 'Environments'}
      aside={
        <>
          {answer.data && at !== 'now' && <Status tone="warn">as of {formatTime(answer.data.at, utc)}</Status>}
          {form && (
            <Button size="xs" variant="default" onClick={() => set({ view: undefined, open: undefined })}>
              All environments
            </Button>
          )}
          {!form && may && environments.length > 0 && (
            <Button size="xs" leftSection={<IconPlus size={14} />} onClick={make}>
              Make an environment
            </Button>
          )}
        </>
      }
    >
      {answer.error && !answer.data && <Failure error={answer.error} retry={() => void answer.refetch()} />}
      {!answer.data && !answer.error && <Waiting what="environments" lines={8} />}
      {answer.data && form && <EnvironmentForm known={editing ? opened : undefined} key={editing ? opened.id : 'new'} />}
      {answer.data && !form && environments.length === 0 && (
        <Empty icon={<IconStack2 size={28} stroke={1.4} />} title="No environment yet">
          An environment is namespaces of any clusters under one name, as production: by cluster, by name or by label. The inventory, the record and the map can
          then be narrowed to it, at any moment.
          {may ? (
            <div className={classes.first}>
              <Button size="xs" leftSection={<IconPlus size={14} />} onClick={make}>
                Make an environment
              </Button>
            </div>
          ) : (
            ' An administrator can make one.'
          )}
        </Empty>
      )}
      {answer.data && !form && environments.length > 0 && <EnvironmentTable rows={environments} before={moments && before.data?.environments} />}
      <EnvironmentSide environment={opened} opened={!form && address.open !== undefined && answer.data !== undefined} />
    </Page>
  )
}

function EnvironmentTable({ rows, before }: { rows: readonly Counted[]; before: readonly Counted[] | undefined }) {
  const { address, set, utc } = useAddress()
  const columns = useMemo((): TableColumn<Counted>[] => {
    const then = new Map(before?.map(({ id, counts }) => [id, counts]))
    const count = (id: keyof EnvironmentCounts, header: string, width: number): TableColumn<Counted> => ({
      ...{ id, header, width, align: 'right', value: (e) => e.counts[id] },
      cell: (e) => {
        const was = then.get(e.id)?.[id]
        return was === undefined || was === e.counts[id] ? formatCount(e.counts[id]) : `${formatCount(was)} → ${formatCount(e.counts[id])}`
      },
    })
    return [
      { id: 'name', header: 'Name', value: (e) => e.name, cell: (e) => <Swatch color={e.color} name={e.name} />, width: 132, grow: true },
      count('namespaces', 'Namespaces', 120),
      count('workloads', 'Workloads', 106),
      count('clusters', 'Clusters', 92),
      { id: 'rules', header: 'Rules', value: (e) => e.rules.map(describeRule).join('; '), width: 260, grow: true },
      { id: 'description', header: 'Description', value: (e) => e.description, width: 200, grow: true },
      { id: 'changed', header: 'Last change', value: (e) => e.updatedAt, cell: (e) => formatTime(e.updatedAt, utc), width: 150, optional: true },
      { id: 'by', header: 'Made by', value: (e) => e.createdBy, width: 130, optional: true },
      { id: 'id', header: 'Id', value: (e) => e.id, width: 280, mono: true, optional: true },
    ]
  }, [before, utc])
  return (
    <Card flush>
      <div className={classes.table}>
        <DataTable
          label="Environments"
          rows={rows}
          columns={columns}
          rowKey={(e) => e.id}
          onOpen={(e) => set({ open: e.name }, { replace: true })}
          openKey={rows.find(({ id, name }) => name === address.open || id === address.open)?.id ?? ''}
          firstSort="name"
          empty={<Empty title="Nothing matches the filter" />}
        />
      </div>
    </Card>
  )
}
