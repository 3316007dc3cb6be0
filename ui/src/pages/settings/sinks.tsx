import { Button, Group, SegmentedControl, Select, Switch, TextInput } from '@mantine/core'
import { trafficRoutes } from '@panoptes/contract'
import { IconRouteAltRight } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import type { z } from 'zod'
import { formatCount } from '../../format/index.ts'
import { Confirm, Dialog, Empty, Failure, partClasses, Status } from '../../parts/index.ts'
import { client, queryClient, useCall, useChange, useMay } from '../../platform/index.ts'
import { squiggleOf } from '../../query/index.ts'
import type { TableColumn } from '../../table/index.ts'
import { ListPage } from './list.tsx'

type Sink = z.output<typeof trafficRoutes.Sink>
type Input = Pick<Sink, 'name' | 'kind' | 'target' | 'query' | 'prefix' | 'format' | 'enabled'>

const refresh = [trafficRoutes.listSinks.operationId]
const fresh: Input = { name: '', kind: 'syslog', target: '', query: '', prefix: '', format: 'text', enabled: true }
const targets: Record<Sink['kind'], string> = {
  stdout: '',
  file: '/var/log/panoptes/accesses.log',
  syslog: 'tcp://siem.example:514',
  otlp: 'https://collector.example/v1/logs',
}

/** Forwarding: accesses to stdout, a rotating file, syslog or OTLP as they arrive. */
export function Sinks() {
  const may = useMay('settings:write')
  const [edited, setEdited] = useState<{ id?: string; input: Input }>()
  const answer = useCall(trafficRoutes.listSinks, {}, { every: 10_000 })
  const update = useChange(trafficRoutes.updateSink, refresh)
  const { mutate } = update
  const columns = useMemo(
    (): TableColumn<Sink>[] => [
      { id: 'name', header: 'Name', value: (s) => s.name, width: 140, grow: true },
      { id: 'kind', header: 'Kind', value: (s) => s.kind, width: 80, facet: true },
      { id: 'target', header: 'To', value: (s) => s.target, width: 190, grow: true, mono: true },
      { id: 'query', header: 'Only', value: (s) => s.query, width: 160, mono: true },
      { id: 'prefix', header: 'Prefix', value: (s) => s.prefix, width: 110, mono: true },
      { id: 'format', header: 'Format', value: (s) => s.format, width: 76, facet: true },
      { id: 'sent', header: 'Sent', value: (s) => s.sent, cell: (s) => formatCount(s.sent), align: 'right', width: 80 },
      {
        id: 'failed',
        header: 'Failed',
        value: (s) => s.failed,
        align: 'right',
        width: 90,
        cell: (s) =>
          s.failed ? (
            <Status tone="bad" title={s.lastError}>
              {formatCount(s.failed)}
            </Status>
          ) : (
            '0'
          ),
      },
      {
        id: 'enabled',
        header: 'On',
        value: (s) => (s.enabled ? 'on' : 'off'),
        width: 62,
        facet: true,
        cell: (s) => (
          <Switch
            size="xs"
            aria-label={`Forward to ${s.name}`}
            checked={s.enabled}
            disabled={!may}
            onChange={(e) => mutate({ params: { id: s.id }, body: { ...inputOf(s), enabled: e.currentTarget.checked } })}
          />
        ),
      },
      {
        id: 'actions',
        header: 'Actions',
        value: () => '',
        fixed: true,
        width: may ? 130 : 10,
        cell: (s) =>
          may ? (
            <Group gap={6} wrap="nowrap">
              <Button size="compact-xs" variant="default" onClick={() => setEdited({ id: s.id, input: inputOf(s) })}>
                Edit
              </Button>
              <Confirm
                label="Delete"
                title={`Delete ${s.name}?`}
                confirm="Delete"
                onConfirm={() =>
                  client.call(trafficRoutes.deleteSink, { params: { id: s.id } }).then(() => queryClient.invalidateQueries({ queryKey: refresh }))
                }
              >
                Nothing more is sent there. The record keeps everything.
              </Confirm>
            </Group>
          ) : null,
      },
    ],
    [may, mutate],
  )
  return (
    <ListPage
      title="Forwarding"
      lead="Accesses are sent on as they arrive. Each line starts with the prefix; control characters are escaped, so that no path or header can forge a line."
      aside={
        may && (
          <Button size="xs" onClick={() => setEdited({ input: fresh })}>
            Add a target
          </Button>
        )
      }
      answer={answer}
      rowsOf={(a) => a.sinks}
      columns={columns}
      rowKey={(s) => s.id}
      empty={
        <Empty icon={<IconRouteAltRight size={28} stroke={1.4} />} title="Nothing is forwarded">
          Send all accesses, or those that a query names, to a SIEM, a file or an OpenTelemetry collector.
        </Empty>
      }
    >
      {update.error && <Failure error={update.error} />}
      <Dialog opened={edited !== undefined} onClose={() => setEdited(undefined)} title={edited?.id ? 'Change a target' : 'Add a target'} size={520}>
        {edited && <SinkForm {...edited} done={() => setEdited(undefined)} />}
      </Dialog>
    </ListPage>
  )
}

const inputOf = ({ name, kind, target, query, prefix, format, enabled }: Sink): Input => ({ name, kind, target, query, prefix, format, enabled })

function SinkForm({ id, input, done }: { id?: string | undefined; input: Input; done: () => void }) {
  const [value, setValue] = useState(input)
  const put = (change: Partial<Input>) => setValue((v) => ({ ...v, ...change }))
  const create = useChange(trafficRoutes.createSink, refresh, done)
  const update = useChange(trafficRoutes.updateSink, refresh, done)
  const wrong = squiggleOf(value.query)
  return (
    <form
      className={partClasses.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (id) update.mutate({ params: { id }, body: value })
        else create.mutate({ body: value })
      }}
    >
      <TextInput label="Name" value={value.name} onChange={(e) => put({ name: e.currentTarget.value })} required data-autofocus />
      <Select
        label="Kind"
        value={value.kind}
        allowDeselect={false}
        onChange={(kind) => kind && put({ kind: kind as Sink['kind'], target: '' })}
        data={[
          { value: 'syslog', label: 'Syslog (RFC 5424)' },
          { value: 'otlp', label: 'OpenTelemetry logs (OTLP/HTTP)' },
          { value: 'file', label: 'Rotating file on the server' },
          { value: 'stdout', label: 'Standard output of the server' },
        ]}
      />
      {value.kind !== 'stdout' && (
        <TextInput label="To" placeholder={targets[value.kind]} value={value.target} onChange={(e) => put({ target: e.currentTarget.value })} required />
      )}
      <TextInput
        label="Only these accesses"
        placeholder="status>=500 (empty: all)"
        value={value.query}
        onChange={(e) => put({ query: e.currentTarget.value })}
        error={wrong?.message}
        ff="monospace"
      />
      <TextInput label="Prefix of every line" placeholder="EVIDENCE " value={value.prefix} onChange={(e) => put({ prefix: e.currentTarget.value })} />
      <SegmentedControl
        aria-label="Format"
        value={value.format}
        onChange={(format) => put({ format: format as Sink['format'] })}
        data={['text', 'ndjson', 'csv']}
      />
      {(create.error ?? update.error) && <Failure error={create.error ?? update.error} />}
      <Button type="submit" loading={create.isPending || update.isPending} disabled={wrong !== undefined}>
        {id ? 'Save' : 'Forward'}
      </Button>
    </form>
  )
}
