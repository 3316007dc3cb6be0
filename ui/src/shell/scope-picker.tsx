import { Button, MultiSelect, Popover, SegmentedControl, Select } from '@mantine/core'
import { environmentRoutes, trafficRoutes } from '@panoptes/contract'
import { IconFocusCentered } from '@tabler/icons-react'
import { useState } from 'react'
import { useAddress, windowOf } from '../address/index.ts'
import { useCall, useSession } from '../platform/index.ts'

const list = (text: string | undefined) => (text ? text.split(',') : [])
const short = (names: string[], many: string) => (names.length > 2 ? `${names.length} ${many}` : names.join(', '))

/** Which part of the whole is shown: an environment, clusters, namespaces, and whether the demo counts. */
export function ScopePicker() {
  const { address, set } = useAddress()
  const { server } = useSession()
  const [opened, setOpened] = useState(false)
  const clusters = list(address.cluster)
  const namespaces = list(address.ns)
  const words = [
    address.env ?? '',
    short(clusters, 'clusters'),
    short(namespaces, 'namespaces'),
    address.origin === 'demo' ? 'demo' : address.origin === 'user' ? 'without demo' : '',
  ]
  const label = words.filter(Boolean).join(' · ') || 'Everything'
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" width={300} shadow="md" withArrow trapFocus>
      <Popover.Target>
        <Button
          variant={label === 'Everything' ? 'default' : 'light'}
          size="xs"
          h={30}
          leftSection={<IconFocusCentered size={15} />}
          onClick={() => setOpened((o) => !o)}
          styles={{ label: { maxWidth: 220 } }}
          data-row="2"
          data-testid="scope"
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        {opened && <Fields clusters={clusters} namespaces={namespaces} />}
        {server.demo && (
          <SegmentedControl
            mt={10}
            size="xs"
            fullWidth
            aria-label="Origin"
            value={address.origin ?? 'all'}
            onChange={(origin) => set({ origin: origin === 'all' ? undefined : origin })}
            data={[
              { value: 'all', label: 'All' },
              { value: 'user', label: 'Mine' },
              { value: 'demo', label: 'Demo' },
            ]}
          />
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

function Fields({ clusters, namespaces }: { clusters: string[]; namespaces: string[] }) {
  const { address, set } = useAddress()
  const fields = 'cluster,src.namespace,dst.namespace'
  const facets = useCall(trafficRoutes.listFacets, { query: { fields, limit: 200, ...windowOf(address) } }, { fresh: 30_000 })
  const environments = useCall(environmentRoutes.listEnvironments, { query: { limit: 1_000 } }, { fresh: 30_000 })
  const names = environments.data?.environments.map(({ name }) => name) ?? []
  const valuesOf = (...names: string[]) =>
    [...new Set(facets.data?.facets.filter((f) => names.includes(f.field)).flatMap((f) => f.values.map((v) => v.value)) ?? [])].filter(Boolean)
  return (
    <div style={{ display: 'grid', gap: 10 }}>
      {(names.length > 0 || address.env) && (
        <Select
          size="xs"
          label="Environment"
          placeholder="Any"
          data={[...new Set([...names, ...(address.env ? [address.env] : [])])]}
          value={address.env ?? null}
          onChange={(env) => set({ env: env ?? undefined })}
          searchable
          clearable
          comboboxProps={{ withinPortal: false }}
        />
      )}
      <MultiSelect
        size="xs"
        label="Clusters"
        placeholder={clusters.length ? '' : 'All clusters'}
        data={[...new Set([...valuesOf('cluster'), ...clusters])].sort()}
        value={clusters}
        onChange={(value) => set({ cluster: value.join(',') })}
        searchable
        clearable
        comboboxProps={{ withinPortal: false }}
      />
      <MultiSelect
        size="xs"
        label="Namespaces"
        placeholder={namespaces.length ? '' : 'All namespaces'}
        data={[...new Set([...valuesOf('src.namespace', 'dst.namespace'), ...namespaces])].sort()}
        value={namespaces}
        onChange={(value) => set({ ns: value.join(',') })}
        searchable
        clearable
        comboboxProps={{ withinPortal: false }}
      />
    </div>
  )
}
