import { Modal, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { trafficRoutes } from '@panoptes/contract'
import { IconArrowRight, IconBox, IconFileSearch, IconFingerprint, IconSearch, IconSettings } from '@tabler/icons-react'
import { useState } from 'react'
import { keptAddress, useAddress, windowOf } from '../address/index.ts'
import { useCall, useSession } from '../platform/index.ts'
import classes from './frame.module.css'
import { type Hit, hitsFor } from './prepare-spotlight.ts'

const icons = { page: IconArrowRight, workload: IconBox, id: IconFingerprint, search: IconFileSearch, action: IconSettings }

/** Ctrl-K: pages, workloads, ids, searches and actions, by keyboard. */
export function Spotlight({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={560} yOffset="10vh">
      <Modal.Overlay />
      <Modal.Content aria-label="Search everything" aria-labelledby={undefined}>
        <Modal.Body p={8}>{opened && <Finder onClose={onClose} />}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}

function Finder({ onClose }: { onClose: () => void }) {
  const { address, go } = useAddress()
  const { scopes } = useSession()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const [asked] = useDebouncedValue(text, 150)
  const facets = useCall(
    trafficRoutes.listFacets,
    { query: { fields: 'src.workload,dst.workload,host', limit: 500, ...windowOf(address) } },
    { fresh: 60_000, enabled: asked.length > 0 },
  )
  const searches = useCall(trafficRoutes.listSearches, {}, { fresh: 60_000 })
  const hits = hitsFor(text, facets.data?.facets ?? [], searches.data?.searches ?? [], scopes)
  const choose = (hit: Hit | undefined) => {
    if (!hit) return
    onClose()
    go(hit.to, { ...keptAddress(address), q: undefined, ...hit.address })
  }
  return (
    <>
      <TextInput
        size="sm"
        placeholder="A page, workload, host, IP, request id, or a query"
        aria-label="Search everything"
        role="combobox"
        aria-expanded
        aria-controls="hits"
        aria-activedescendant={hits[at] ? `hit-${at}` : undefined}
        leftSection={<IconSearch size={16} />}
        value={text}
        data-autofocus
        onChange={(event) => {
          setText(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt((n) => Math.min(n + 1, hits.length - 1))
          else if (event.key === 'ArrowUp') setAt((n) => Math.max(n - 1, 0))
          else if (event.key === 'Enter') choose(hits[at])
          else return
          event.preventDefault()
        }}
      />
      <div id="hits" role="listbox" aria-label="Results" style={{ marginTop: 6, maxHeight: '50vh', overflowY: 'auto' }}>
        {hits.map((hit, i) => {
          const Icon = icons[hit.kind]
          return (
            <button
              key={`${hit.kind}${hit.label}`}
              id={`hit-${i}`}
              type="button"
              role="option"
              tabIndex={-1}
              aria-selected={i === at}
              className={classes.hit}
              onMouseMove={() => setAt(i)}
              onClick={() => choose(hit)}
            >
              <Icon size={16} aria-hidden />
              {hit.label}
              <small>{hit.detail}</small>
            </button>
          )
        })}
      </div>
    </>
  )
}
