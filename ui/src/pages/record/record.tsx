import { Button, Tooltip } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconPlayerPause, IconPlayerPlay, IconTerminal2 } from '@tabler/icons-react'
import { useCallback } from 'react'
import { questionOf, useAddress } from '../../address/index.ts'
import { Copy, Page } from '../../parts/index.ts'
import { QueryBox } from '../../query/index.ts'
import { AccessDrawer } from './access-drawer.tsx'
import { ExportButton } from './export.tsx'
import { FacetPanel } from './facets.tsx'
import { Histogram } from './histogram.tsx'
import { asCommand } from './prepare-access.ts'
import { defaultShown } from './prepare-columns.tsx'
import classes from './record.module.css'
import { Results } from './results.tsx'
import { SavedSearches } from './saved.tsx'
import { Tail } from './tail.tsx'

/** The record: ask it, see when, narrow down, open one access in full. */
export function RecordPage() {
  const { address, set } = useAddress()
  const wide = useMediaQuery('(min-width: 1100px)', true)
  const question = questionOf(address)
  const live = address.tail === '1'
  const shown = address.fields?.split(',') ?? defaultShown
  const open = useCallback((id: string | undefined) => set({ open: id }, { replace: address.open !== undefined && id !== undefined }), [set, address.open])
  return (
    <Page title="Record" bare>
      <div className={classes.page}>
        <div className={classes.bar}>
          <QueryBox value={address.q ?? ''} onSubmit={(q) => set({ q, open: undefined })} />
          <div className={classes.actions}>
            <Button
              size="xs"
              h={32}
              variant={live ? 'filled' : 'default'}
              leftSection={live ? <IconPlayerPause size={14} /> : <IconPlayerPlay size={14} />}
              onClick={() => set({ tail: live ? undefined : '1', open: undefined })}
            >
              Live tail
            </Button>
            <SavedSearches />
            <ExportButton />
            <Tooltip label={asCommand(question, live ? 'tail' : 'search')} withArrow multiline maw={420}>
              <span className={classes.command}>
                <IconTerminal2 size={16} aria-hidden />
                <Copy text={asCommand(question, live ? 'tail' : 'search')} what="as command" />
              </span>
            </Tooltip>
          </div>
        </div>
        {live ? (
          <Tail shown={shown} onOpen={open} />
        ) : (
          <>
            <Histogram />
            <div className={classes.split}>
              {wide && <FacetPanel />}
              <Results shown={shown} onOpen={open} />
            </div>
          </>
        )}
      </div>
      <AccessDrawer id={address.open} onClose={() => open(undefined)} />
    </Page>
  )
}
