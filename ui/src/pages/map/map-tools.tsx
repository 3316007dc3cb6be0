import { ActionIcon, SegmentedControl, Select } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { useState } from 'react'
import { useAddress } from '../../address/index.ts'
import { QueryBox } from '../../query/index.ts'
import classes from './map.module.css'

const modes = {
  text: { label: 'Find', hint: 'Brighten what matches: dst.workload=payments' },
  hide: { label: 'Hide', hint: 'Leave out what matches: path~"/healthz"' },
  q: { label: 'Only', hint: 'Draw nothing but what matches: status>=500' },
} as const
type Mode = keyof typeof modes

/** The line above the map: find, hide or restrict in the query language; grouping; protocols; map or table. */
export function MapTools() {
  const { address, set } = useAddress()
  const [mode, setMode] = useState<Mode>('text')
  const protocols = address.protocol?.split(',') ?? []
  const toggle = (protocol: string) => {
    const next = protocols.includes(protocol) ? protocols.filter((p) => p !== protocol) : [...protocols, protocol]
    set({ protocol: next.length === 3 ? undefined : next.join(',') }, { replace: true })
  }
  return (
    <div className={classes.tools}>
      <SegmentedControl
        size="xs"
        aria-label="What the query does"
        value={mode}
        onChange={(value) => setMode(value as Mode)}
        data={Object.entries(modes).map(([value, { label }]) => ({ value, label }))}
      />
      <QueryBox
        key={mode}
        value={address[mode] ?? ''}
        onSubmit={(query) => set({ [mode]: query })}
        placeholder={modes[mode].hint}
        label={`${modes[mode].label} on the map`}
      />
      {(Object.keys(modes) as Mode[])
        .filter((m) => m !== mode && address[m])
        .map((m) => (
          <span key={m} className={classes.chip}>
            {modes[m].label}: <code>{address[m]}</code>
            <ActionIcon
              size="xs"
              variant="subtle"
              color="gray"
              aria-label={`Do not ${modes[m].label.toLowerCase()} any more`}
              onClick={() => set({ [m]: undefined })}
            >
              <IconX size={12} />
            </ActionIcon>
          </span>
        ))}
      <fieldset className={classes.protocols}>
        <legend className="visually-hidden">Protocols</legend>
        {['http', 'grpc', 'tcp'].map((p) => (
          <button key={p} type="button" aria-pressed={protocols.includes(p)} onClick={() => toggle(p)}>
            {p === 'grpc' ? 'gRPC' : p.toUpperCase()}
          </button>
        ))}
      </fieldset>
      <Select
        size="xs"
        w={130}
        aria-label="Nodes are"
        value={address.by ?? 'workload'}
        onChange={(by) => set({ by: by === 'workload' ? undefined : (by ?? undefined), node: undefined, edge: undefined })}
        allowDeselect={false}
        data={[
          { value: 'workload', label: 'Workloads' },
          { value: 'version', label: 'Versions' },
          { value: 'service', label: 'Services' },
          { value: 'namespace', label: 'Namespaces' },
          { value: 'cluster', label: 'Clusters' },
        ]}
      />
      <SegmentedControl
        size="xs"
        aria-label="View"
        value={address.view === 'table' ? 'table' : 'map'}
        onChange={(view) => set({ view: view === 'map' ? undefined : view, sort: undefined })}
        data={[
          { value: 'map', label: 'Map' },
          { value: 'table', label: 'Table' },
        ]}
      />
    </div>
  )
}
