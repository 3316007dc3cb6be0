import { Button } from '@mantine/core'
import { IconListSearch } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Address, condition, keptAddress, useAddress } from '../../address/index.ts'
import { formatCount, formatRate, formatTime } from '../../format/index.ts'
import { Facts, Side, SideBody, Status } from '../../parts/index.ts'
import { type Source, sourceTitle, sourceTone } from './prepare-sources.ts'
import classes from './sources.module.css'

/** One source in full: what it sends, and what hinders it. */
export function SourceSide({ source, opened, onClose }: { source: Source | undefined; opened: boolean; onClose: () => void }) {
  const { utc } = useAddress()
  const time = (iso: string | null) => (iso ? formatTime(iso, utc) : 'never')
  const facts: Record<string, ReactNode> = source
    ? {
        State: <Status tone={sourceTone(source.state)}>{source.state}</Status>,
        Cluster: source.cluster,
        Namespace: source.namespace || '–',
        Pod: source.pod || '–',
        Proxy: <code>{source.proxy || 'none has spoken to this controller'}</code>,
        Envoy: source.version || '–',
        Speaks: source.kind === 'none' ? 'nothing yet' : `${source.kind}, ${formatCount(source.streams)} streams open`,
        Identity: source.authenticated ? 'proved by mTLS' : 'not proved',
        'Last message': time(source.lastAt),
        'Last counters': source.lastCountersAt ? time(source.lastCountersAt) : 'never: completeness is unknown',
        Accesses: `${formatCount(source.entries)}, now ${formatRate(source.entriesPerSecond)}`,
        Errors:
          Object.entries(source.errors)
            .map(([reason, n]) => `${reason}: ${formatCount(n)}`)
            .join(', ') || 'none',
        Controller: source.controller,
      }
    : {}
  return (
    <Side opened={opened} onClose={onClose} size={460} label="One source">
      <SideBody title={source ? sourceTitle(source) : 'This source is gone'} onClose={onClose}>
        {source && (
          <>
            <div className={classes.diagnosis}>
              <strong>{source.diagnosis.text}</strong>
              <div className="dim">{source.diagnosis.hint}</div>
              <code className="dim">{source.diagnosis.code}</code>
            </div>
            <Button
              component={Link}
              to="/record"
              search={((now: Address) => ({ ...keptAddress(now), q: condition('proxy', source.proxy) })) as never}
              size="xs"
              leftSection={<IconListSearch size={14} />}
              w="fit-content"
            >
              Show its accesses
            </Button>
            <Facts facts={facts} />
          </>
        )}
      </SideBody>
    </Side>
  )
}
