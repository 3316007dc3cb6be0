import { ActionIcon, Button } from '@mantine/core'
import { IconChartDots3, IconListSearch, IconX } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Address, keptAddress, useAddress } from '../../address/index.ts'
import { Status, type Tone } from '../../parts/index.ts'
import classes from './inventory.module.css'
import type { Place } from './noun.ts'
import { accessesOf } from './prepare-inventory.ts'

interface HeadProps {
  title: ReactNode
  /** Where it is, outermost first. */
  path?: readonly (string | undefined)[]
  state?: { words: string; tone: Tone }
  place?: Place
}

/** The head of a drawer: what it is, where, how it stands, and the ways to the map and to its accesses. */
export function SideHead({ title, path = [], state, place }: HeadProps) {
  const { set } = useAddress()
  const query = place ? accessesOf(place) : ''
  const search = ((now: Address) => ({ ...keptAddress(now), q: query })) as never
  return (
    <div className={classes.sideHead}>
      <div className={classes.sideTitle}>
        <h2>{title}</h2>
        <ActionIcon variant="subtle" color="gray" onClick={() => set({ open: undefined, view: undefined })} aria-label="Close">
          <IconX size={16} />
        </ActionIcon>
      </div>
      <div className={classes.sideLine}>
        {state?.words && <Status tone={state.tone}>{state.words}</Status>}
        <span className="dim">{path.filter(Boolean).join(' › ')}</span>
      </div>
      {query && (
        <div className={classes.sideLine}>
          <Button component={Link} to="/record" search={search} size="compact-xs" variant="default" leftSection={<IconListSearch size={14} />}>
            Accesses
          </Button>
          <Button component={Link} to="/map" search={search} size="compact-xs" variant="default" leftSection={<IconChartDots3 size={14} />}>
            On the map
          </Button>
        </div>
      )}
    </div>
  )
}

/** A link to another thing of the inventory, with its drawer open or the list filtered; the clock stays. */
export function Thing({ to, open, text, view, children }: { to: string; open?: string; text?: string; view?: string; children: ReactNode }) {
  return (
    <Link to={to} search={((now: Address) => ({ ...keptAddress(now), open, text, view })) as never}>
      {children}
    </Link>
  )
}

/** The parts of a drawer, one shown at a time; the address says which. */
export function Tabs({ tabs }: { tabs: readonly { id: string; label: string; content: () => ReactNode }[] }) {
  const { address, set } = useAddress()
  const shown = tabs.find((tab) => tab.id === address.view) ?? tabs[0]!
  return (
    <>
      <div role="tablist" className={classes.tabs}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`tab-${tab.id}`}
            aria-selected={tab === shown}
            aria-controls="tab-content"
            onClick={() => set({ view: tab === tabs[0] ? undefined : tab.id }, { replace: true })}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div id="tab-content" role="tabpanel" aria-labelledby={`tab-${shown.id}`} className={classes.tabContent}>
        {shown.content()}
      </div>
    </>
  )
}
